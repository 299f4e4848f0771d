//! How many connections there may be: in all, and of one client.
//!
//! In all they are bounded by what the machine can hold. Of one client they are bounded so that it cannot
//! take every place; a trusted proxy is no client, because it speaks for many.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::limits::Limits;
use crate::proxies::TrustedProxies;

/// How often at most the log says that there is no place.
const SAID_EVERY: Duration = Duration::from_mins(1);

/// The places of a listener.
pub(super) struct Places {
    free: Arc<Semaphore>,
    taken: Arc<Taken>,
    per_client: usize,
    proxies: TrustedProxies,
    said: Option<Instant>,
}

/// How many places each client has; one that has none is not in it.
type Counts = HashMap<IpAddr, usize>;

#[derive(Default)]
struct Taken(Mutex<Counts>);

/// A place for a connection whose client is not known yet.
pub(super) struct Room {
    _permit: Option<OwnedSemaphorePermit>,
}

/// A place that is taken; free again when dropped.
pub(super) struct Place {
    _room: Room,
    /// Whose it is, unless a proxy's.
    client: Option<IpAddr>,
    taken: Arc<Taken>,
}

impl Places {
    pub(super) fn new(limits: &Limits, proxies: TrustedProxies) -> Self {
        Self {
            free: Arc::new(Semaphore::new(limits.connections)),
            taken: Arc::default(),
            per_client: limits.connections_per_client,
            proxies,
            said: None,
        }
    }

    /// Waits until there is room for one more.
    pub(super) async fn room(&mut self) -> Room {
        if self.free.available_permits() == 0 {
            self.say("all connections are taken: new ones wait");
        }
        Room {
            // Closed never: the semaphore lives as long as we do.
            _permit: Arc::clone(&self.free).acquire_owned().await.ok(),
        }
    }

    /// Gives the room to a client, unless it has its share already.
    pub(super) fn take(&mut self, room: Room, peer: IpAddr) -> Option<Place> {
        let client = (!self.proxies.contain(peer)).then(|| share_of(peer));
        let has_more = client.is_none_or(|client| self.taken.add(client, self.per_client));
        if !has_more {
            self.say("a client has its share of connections: more of its are closed");
            return None;
        }
        Some(Place {
            _room: room,
            client,
            taken: Arc::clone(&self.taken),
        })
    }

    fn say(&mut self, what: &'static str) {
        let now = Instant::now();
        if self.said.is_some_and(|said| now < said + SAID_EVERY) {
            return;
        }
        self.said = Some(now);
        tracing::warn!("{what}");
    }
}

impl Taken {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        // Nothing can panic between a change and the end of it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts one more, unless there are `most`.
    fn add(&self, client: IpAddr, most: usize) -> bool {
        let mut counts = self.counts();
        let count = counts.entry(client).or_default();
        if *count >= most {
            return false;
        }
        *count += 1;
        true
    }

    fn remove(&self, client: IpAddr) {
        let mut counts = self.counts();
        if let Some(count) = counts.get_mut(&client) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&client);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(client) = self.client {
            self.taken.remove(client);
        }
    }
}

/// Who counts as one client: an IPv4 address, or the first 64 bits of an IPv6 address, of which one
/// subscriber has all that begin with them (RFC 6177).
fn share_of(peer: IpAddr) -> IpAddr {
    match peer.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let network = address.to_bits() & !u128::from(u64::MAX);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(connections: usize, proxies: &[&str]) -> Places {
        let limits = Limits {
            connections,
            connections_per_client: 2,
            ..Limits::default()
        };
        let proxies = TrustedProxies::parse(proxies.iter().copied()).expect("networks");
        Places::new(&limits, proxies)
    }

    async fn take(places: &mut Places, peer: &str) -> Option<Place> {
        let room = places.room().await;
        places.take(room, peer.parse().expect("an address"))
    }

    #[tokio::test]
    async fn t_27_a_client_gets_its_share_and_no_more() {
        let mut places = places(10, &[]);
        let first = take(&mut places, "192.0.2.1").await;
        let second = take(&mut places, "::ffff:192.0.2.1").await;
        assert!(first.is_some() && second.is_some());
        assert!(take(&mut places, "192.0.2.1").await.is_none());
        let other = take(&mut places, "192.0.2.2").await;
        assert!(other.is_some(), "others have theirs");
        drop(first);
        assert!(take(&mut places, "192.0.2.1").await.is_some());
        drop((second, other));
        assert!(places.taken.counts().is_empty(), "nothing is left behind");
    }

    #[tokio::test]
    async fn t_27_an_ipv6_network_of_64_bits_is_one_client() {
        let mut places = places(10, &[]);
        let first = take(&mut places, "2001:db8::1").await;
        let second = take(&mut places, "2001:db8::ffff:2").await;
        assert!(first.is_some() && second.is_some());
        assert!(take(&mut places, "2001:db8:0:0:8000::").await.is_none());
        assert!(take(&mut places, "2001:db8:0:1::1").await.is_some());
    }

    #[tokio::test]
    async fn t_27_a_trusted_proxy_is_no_client() {
        let mut places = places(10, &["192.0.2.0/24"]);
        let mut taken = Vec::new();
        for _connection in 0..5 {
            taken.push(take(&mut places, "192.0.2.1").await);
        }
        assert!(taken.iter().all(Option::is_some));
        assert!(places.taken.counts().is_empty());
    }

    #[tokio::test]
    async fn t_27_when_all_places_are_taken_the_next_waits_for_one() {
        let mut places = places(2, &[]);
        let first = take(&mut places, "192.0.2.1").await;
        let _second = take(&mut places, "192.0.2.2").await;
        let waiting = tokio::spawn(async move { take(&mut places, "192.0.2.3").await });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        drop(first);
        assert!(waiting.await.expect("no panic").is_some());
    }
}
