//! Asserts that nobody waits for anything else while it has the writer's turn.
//!
//! On the embedded database the statements of a transaction run inline, so a task that is suspended with
//! its transaction open waits for something that is no statement, and everybody else waits behind it.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use keyfob_store::{Store, probe};

/// Runs work that has a store on the embedded database for itself.
///
/// # Panics
/// When the work is suspended while one of its writing transactions is open.
pub async fn never_waits_with_the_turn<F: Future>(store: &Store, work: F) -> F::Output {
    let mut work = pin!(work);
    poll_fn(|context| {
        let polled = work.as_mut().poll(context);
        let waits_with_turn = polled.is_pending() && probe::open_turns(store) > 0;
        assert!(
            !waits_with_turn,
            "something else is awaited while a writing transaction is open"
        );
        match polled {
            Poll::Ready(output) => Poll::Ready(output),
            Poll::Pending => Poll::Pending,
        }
    })
    .await
}
