//! A deadline for the bytes that tell HTTP/1 from HTTP/2.
//!
//! hyper-util reads until the preface of HTTP/2 (RFC 9113 §3.4) is complete or impossible, and waits for
//! it without end: a client that connects and says nothing, or only `PRI`, would stay. After that the
//! deadlines of hyper itself hold.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// A stream whose first bytes must come in time.
pub(in crate::http) struct FirstBytes<S> {
    stream: S,
    /// Until when; none once the version is known.
    deadline: Option<Pin<Box<Sleep>>>,
    /// How many bytes of the preface have come.
    matched: usize,
    /// Set once the preface of HTTP/2 has come.
    is_http_2: Arc<AtomicBool>,
}

impl<S> FirstBytes<S> {
    pub(in crate::http) fn new(stream: S, within: Duration, is_http_2: Arc<AtomicBool>) -> Self {
        let deadline = tokio::time::sleep_until(Instant::now() + within);
        Self {
            stream,
            deadline: Some(Box::pin(deadline)),
            matched: 0,
            is_http_2,
        }
    }

    /// Takes note of bytes that came.
    fn heard(&mut self, bytes: &[u8]) {
        let expected = PREFACE.get(self.matched..).unwrap_or_default();
        let is_preface_so_far = expected
            .iter()
            .zip(bytes)
            .all(|(wanted, byte)| wanted == byte);
        if is_preface_so_far && bytes.len() < expected.len() {
            self.matched += bytes.len();
        } else {
            self.deadline = None;
            self.is_http_2.store(is_preface_so_far, Ordering::Relaxed);
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for FirstBytes<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        let Some(deadline) = self.deadline.as_mut() else {
            return read;
        };
        match read {
            Poll::Pending if deadline.as_mut().poll(cx).is_ready() => {
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Pending => Poll::Pending,
            Poll::Ready(done) => {
                let bytes = buffer.filled().get(before..).unwrap_or_default();
                self.heard(bytes);
                Poll::Ready(done)
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for FirstBytes<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const WITHIN: Duration = Duration::from_secs(5);

    /// Sends bytes one by one, then says nothing more; what the reader gets to hear.
    async fn after(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let (mut client, server) = duplex(1);
        let mut stream = FirstBytes::new(server, WITHIN, Arc::default());
        let mut heard = Vec::new();
        let listen = async {
            loop {
                heard.push(stream.read_u8().await?);
            }
        };
        let talk = async {
            client.write_all(bytes).await?;
            std::future::pending::<io::Result<()>>().await
        };
        let ended: io::Result<()> = tokio::select! {
            ended = listen => ended,
            ended = talk => ended,
            ended = tokio::time::timeout(WITHIN * 10, std::future::pending::<io::Result<()>>()) => {
                ended.unwrap_or(Ok(()))
            }
        };
        ended.map(|()| heard)
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_leaves_the_version_open_is_cut_off() {
        for bytes in [&b""[..], b"P", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r"] {
            let ended = after(bytes).await.expect_err("cut off");
            assert_eq!(ended.kind(), io::ErrorKind::TimedOut);
        }
    }

    #[tokio::test]
    async fn http_2_is_told_by_its_whole_preface() {
        for (bytes, wanted) in [
            (PREFACE, true),
            (&[PREFACE, b"more"].concat(), true),
            (b"PRI * HTTP/1.1\r\n\r\nSM\r\n\r\n", false),
            (b"", false),
        ] {
            let is_http_2 = Arc::new(AtomicBool::new(false));
            let mut stream = FirstBytes::new(bytes, WITHIN, Arc::clone(&is_http_2));
            let mut heard = Vec::new();
            stream.read_to_end(&mut heard).await.expect("bytes");
            assert_eq!(is_http_2.load(Ordering::Relaxed), wanted, "{bytes:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn once_the_version_is_known_the_deadline_is_over() {
        for bytes in [&b"PO"[..], b"G", b"PRI * HTTP/1", PREFACE] {
            assert_eq!(after(bytes).await.expect("still open"), bytes);
        }
    }
}
