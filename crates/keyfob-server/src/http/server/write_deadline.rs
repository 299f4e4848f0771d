//! A deadline for clients that do not read.
//!
//! The time runs from the first byte that cannot be written until all that waits is written, and not
//! from byte to byte: a client that reads one now and then gains nothing. hyper flushes the stream
//! whenever it has written everything, which is the end of the wait.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// A stream whose client must read in time.
pub(super) struct WriteDeadline<S> {
    stream: S,
    within: Duration,
    /// Until when; none while nothing waits.
    deadline: Option<Pin<Box<Sleep>>>,
}

impl<S> WriteDeadline<S> {
    pub(super) fn new(stream: S, within: Duration) -> Self {
        Self {
            stream,
            within,
            deadline: None,
        }
    }

    /// Lets a result pass as long as there is time.
    fn in_time<T>(
        &mut self,
        cx: &mut Context<'_>,
        result: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if result.is_pending() {
            let within = self.within;
            let begin = || Box::pin(sleep_until(Instant::now() + within));
            let deadline = self.deadline.get_or_insert_with(begin);
            if deadline.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
        } else if !self.deadline.as_ref().is_some_and(|it| it.is_elapsed()) {
            return result;
        }
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WriteDeadline<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WriteDeadline<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.in_time(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.in_time(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        let flushed = self.in_time(cx, flushed);
        if flushed.is_ready() {
            self.deadline = None;
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = Pin::new(&mut self.stream).poll_shutdown(cx);
        self.in_time(cx, shut)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
    use tokio::time::{interval, timeout};

    use super::*;

    const WITHIN: Duration = Duration::from_secs(30);

    async fn answer(stream: &mut WriteDeadline<DuplexStream>, bytes: &[u8]) -> io::Result<()> {
        stream.write_all(bytes).await?;
        stream.flush().await
    }

    /// Reads a byte a second, until the test ends.
    async fn sip(mut client: DuplexStream) -> io::Result<()> {
        let mut seconds = interval(Duration::from_secs(1));
        loop {
            seconds.tick().await;
            client.read_u8().await?;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn t_27_a_client_that_does_not_read_is_left() {
        let (_client, server) = duplex(8);
        let began = Instant::now();
        let mut stream = WriteDeadline::new(server, WITHIN);
        let left = answer(&mut stream, &[b'x'; 9]).await.expect_err("left");
        assert_eq!(left.kind(), io::ErrorKind::TimedOut);
        assert_eq!(began.elapsed(), WITHIN);
    }

    #[tokio::test(start_paused = true)]
    async fn t_27_reading_a_byte_now_and_then_does_not_help() {
        let (client, server) = duplex(8);
        let began = Instant::now();
        let mut stream = WriteDeadline::new(server, WITHIN);
        let left = tokio::select! {
            left = answer(&mut stream, &[b'x'; 1_000]) => left,
            sipped = sip(client) => sipped,
        };
        assert_eq!(left.expect_err("left").kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed() <= WITHIN + Duration::from_secs(1));
    }

    /// Reads an answer after half of the time.
    async fn hesitate(client: &mut DuplexStream) {
        let pause = timeout(WITHIN / 2, std::future::pending::<()>()).await;
        assert!(pause.is_err());
        let mut answer = [0; 16];
        client.read_exact(&mut answer).await.expect("an answer");
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_read_in_time_starts_the_time_anew() {
        let (mut client, server) = duplex(8);
        let mut stream = WriteDeadline::new(server, WITHIN);
        for _answer in 0..3 {
            let (written, ()) =
                tokio::join!(answer(&mut stream, &[b'x'; 16]), hesitate(&mut client));
            written.expect("in time");
        }
    }
}
