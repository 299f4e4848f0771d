//! Keeps every place that logs ready to be heard by a test.
//!
//! `tracing` remembers for each such place, in the whole process, whether anybody listens. A test that
//! listens on its own thread could miss what was first come by on another while nobody did. With one
//! listener for all, who hears nothing, that question is asked anew at each event.

use std::sync::Once;

use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry;

static ONCE: Once = Once::new();

/// Installs the listener for all; call it before listening.
pub(crate) fn always_ask() {
    ONCE.call_once(|| {
        let nobody = registry().with(dynamic_filter_fn(|_event, _context| false));
        tracing::subscriber::set_global_default(nobody).unwrap();
    });
}
