//! The listener itself: pipelining, heads that are too large or never end, HTTP/2, and the stop.

use super::*;

#[tokio::test]
async fn pipelined_requests_are_answered_in_their_order() {
    let server = Server::start(router()).await;
    let one = |id: u8| format!("GET /identity/v1/things/{id} HTTP/1.1\r\nhost: x\r\n\r\n");
    let last = "GET /identity/v1/things/3 HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let heard = server
        .talk(format!("{}{}{last}", one(1), one(2)).as_bytes())
        .await;
    let places: Vec<_> = ["things/1", "things/2", "things/3"]
        .map(|it| heard.find(it))
        .into();
    assert!(
        places.iter().all(Option::is_some) && places.is_sorted(),
        "{heard}"
    );
    assert_eq!(heard.matches("HTTP/1.1 200 OK").count(), 3);
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let server = Server::start(router()).await;
    let long = format!(
        "GET /own HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n",
        "x".repeat(20_000)
    );
    assert!(
        server
            .talk(long.as_bytes())
            .await
            .starts_with("HTTP/1.1 431 ")
    );
    let many = "a: b\r\n".repeat(65);
    let many = format!("GET /own HTTP/1.1\r\nhost: x\r\n{many}\r\n");
    assert!(
        server
            .talk(many.as_bytes())
            .await
            .starts_with("HTTP/1.1 431 ")
    );
    let allowed = "a: b\r\n".repeat(60);
    let allowed = format!("GET /own HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{allowed}\r\n");
    assert!(
        server
            .talk(allowed.as_bytes())
            .await
            .starts_with("HTTP/1.1 200 ")
    );
}

#[tokio::test]
async fn http_2_is_spoken_and_says_its_limits() {
    let server = Server::start(router()).await;
    let mut stream = server.connect().await;
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    // The frame SETTINGS without any (RFC 9113 section 6.5): length, type, flags, stream.
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    stream
        .write_all(&[preface.as_slice(), &settings].concat())
        .await
        .unwrap();
    let mut head = [0; 9];
    stream.read_exact(&mut head).await.unwrap();
    assert_eq!(head[3], 4, "the server begins with its own SETTINGS");
    let mut said = vec![0; usize::from(head[2])];
    stream.read_exact(&mut said).await.unwrap();
    let said: Vec<&[u8]> = said.chunks(6).collect();
    assert!(
        said.contains(&[0, 3, 0, 0, 0, 64].as_slice()),
        "64 streams at once: {said:?}"
    );
    assert!(
        said.contains(&[0, 6, 0, 0, 0x40, 0].as_slice()),
        "16 KiB of headers: {said:?}"
    );
}

#[tokio::test]
async fn a_client_that_does_not_finish_its_head_is_cut_off() {
    let server = Server::start(router()).await;
    let began = Instant::now();
    let (silent, half) = tokio::join!(server.talk(b""), server.talk(b"GET /own HTTP/1.1\r\nhost:"));
    let took = began.elapsed();
    assert!(silent.is_empty(), "{silent}");
    assert!(
        half.is_empty() || half.starts_with("HTTP/1.1 408 "),
        "{half}"
    );
    assert!(
        (HEADER_DEADLINE..HEADER_DEADLINE * 3).contains(&took),
        "{took:?}"
    );
}

#[tokio::test]
async fn a_stop_lets_a_running_request_finish_and_accepts_no_other() {
    let (began, finish) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (inside, release) = (Arc::clone(&began), Arc::clone(&finish));
    let slow = move || {
        let (inside, release) = (Arc::clone(&inside), Arc::clone(&release));
        async move {
            inside.notify_one();
            release.notified().await;
            "finished"
        }
    };
    let server = Server::start(Router::new().route("/slow", get(slow))).await;
    let (mut running, mut idle) = (server.connect().await, server.connect().await);
    running
        .write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    began.notified().await;
    server.stop.send(()).unwrap();
    assert_eq!(
        hear(&mut idle).await,
        "",
        "an idle connection is closed at once"
    );
    let refused = TcpStream::connect(server.address)
        .await
        .expect_err("closed");
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    assert!(!server.stopped.is_finished());
    finish.notify_one();
    let answer = Answer(hear(&mut running).await);
    assert_eq!((answer.status(), answer.body()), (200, "finished"));
    tokio::time::timeout(Duration::from_secs(5), server.stopped)
        .await
        .unwrap()
        .unwrap();
}
