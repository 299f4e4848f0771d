//! Two samples of times, compared.

use std::fmt;

/// Above it two samples differ (T-05).
const T_MAX: f64 = 4.5;
/// Above it one time tells which sample it is of too often (T-05).
const AUC_MAX: f64 = 0.55;

/// The times of one kind of refusal, in seconds.
#[derive(Debug)]
pub(crate) struct Samples {
    kind: &'static str,
    seconds: Vec<f64>,
}

impl Samples {
    /// None yet.
    pub(crate) fn of(kind: &'static str) -> Self {
        Self {
            kind,
            seconds: Vec::new(),
        }
    }

    /// One more.
    pub(crate) fn add(&mut self, seconds: f64) {
        self.seconds.push(seconds);
    }

    fn count(&self) -> f64 {
        f64::from(u32::try_from(self.seconds.len()).unwrap_or(u32::MAX))
    }

    fn mean(&self) -> f64 {
        self.seconds.iter().sum::<f64>() / self.count()
    }

    /// The variance of the mean.
    fn error(&self) -> f64 {
        let mean = self.mean();
        let squares: f64 = self.seconds.iter().map(|each| (each - mean).powi(2)).sum();
        squares / (self.count() - 1.0) / self.count()
    }
}

/// How alike two samples are.
#[derive(Debug)]
pub(crate) struct Comparison {
    kinds: [&'static str; 2],
    /// In microseconds.
    means: [f64; 2],
    /// Welch's t: by how many of its standard errors the difference of the means is not zero.
    t: f64,
    /// How often the slower of two times is of the one sample (Mann and Whitney): 0.5 tells nothing.
    auc: f64,
}

impl Comparison {
    /// Compares.
    pub(crate) fn of(one: &Samples, other: &Samples) -> Self {
        let (mean, other_mean) = (one.mean(), other.mean());
        let auc = auc(&one.seconds, &other.seconds);
        Self {
            kinds: [one.kind, other.kind],
            means: [mean * 1e6, other_mean * 1e6],
            t: (mean - other_mean) / (one.error() + other.error()).sqrt(),
            auc: auc.max(1.0 - auc),
        }
    }

    /// Whether nobody can tell them apart.
    pub(crate) fn is_alike(&self) -> bool {
        self.t.abs() < T_MAX && self.auc < AUC_MAX
    }
}

impl fmt::Display for Comparison {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, other] = self.kinds;
        let [mean, other_mean] = self.means;
        let verdict = if self.is_alike() { "alike" } else { "differ" };
        write!(
            f,
            "| {one}, {other} | {mean:.1} and {other_mean:.1} µs | {:.2} | {:.3} | {verdict} |",
            self.t, self.auc
        )
    }
}

/// Of all pairs, how many have the greater time in `one`; equal ones count half.
fn auc(one: &[f64], other: &[f64]) -> f64 {
    let mut all: Vec<(f64, bool)> = one.iter().map(|each| (*each, true)).collect();
    all.extend(other.iter().map(|each| (*each, false)));
    all.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    let (mut wins, mut below) = (0.0, 0.0);
    for equal in all.chunk_by(|(a, _), (b, _)| a.total_cmp(b).is_eq()) {
        let ours = f64::from(
            u32::try_from(equal.iter().filter(|(_, is_one)| *is_one).count()).unwrap_or(u32::MAX),
        );
        let theirs = f64::from(u32::try_from(equal.len()).unwrap_or(u32::MAX)) - ours;
        wins += ours * (below + theirs / 2.0);
        below += theirs;
    }
    let pairs = |times: &[f64]| f64::from(u32::try_from(times.len()).unwrap_or(u32::MAX));
    wins / (pairs(one) * pairs(other))
}
