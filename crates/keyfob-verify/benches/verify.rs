//! How long a token takes: `cargo bench -p keyfob-verify`.

#[path = "../examples/vectors/keys.rs"]
mod keys;

use std::error::Error;
use std::hint::black_box;

use criterion::Criterion;
use keyfob_verify::{Algorithm, Jwks, Verifier, encode_unsigned, header_segment};

const NOW: i64 = 1_800_000_000;

fn main() -> Result<(), Box<dyn Error>> {
    let mut criterion = Criterion::default().configure_from_args();
    let keys = keys::TestKeys::load()?;
    let verifier = Verifier::new(
        "https://id.example.com",
        "https://api.example.com",
        keys.jwks()?,
    );
    let example = include_str!("../vectors/example.jwt").trim_end();
    let claims = verifier.verify(example, NOW)?;
    for kid in ["es256-a", "rs256-a", "eddsa-a"] {
        let key = keys.key(kid)?;
        let token = key.token(&encode_unsigned(
            &header_segment(key.algorithm()?, kid),
            &claims,
        ))?;
        verifier.verify(&token, NOW)?;
        criterion.bench_function(&format!("verify_{}", key.alg), |bench| {
            bench.iter(|| verifier.verify(black_box(&token), NOW));
        });
    }
    // Everything but the signature: what is refused for its key has been read before.
    let unknown = Verifier::new(
        "https://id.example.com",
        "https://api.example.com",
        Jwks::default(),
    );
    criterion.bench_function("refuse_an_unknown_key", |bench| {
        bench.iter(|| unknown.verify(black_box(example), NOW));
    });
    let header = header_segment(Algorithm::Es256, "es256-a");
    criterion.bench_function("encode", |bench| {
        bench.iter(|| encode_unsigned(black_box(&header), black_box(&claims)));
    });
    let set = serde_json::to_vec(&keys.jwks()?)?;
    criterion.bench_function("read_key_set", |bench| {
        bench.iter(|| Jwks::parse(black_box(&set)));
    });
    criterion.final_summary();
    Ok(())
}
