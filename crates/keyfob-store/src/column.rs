//! How the rules' own types lie in columns.

use keyfob_core::id::{ImportId, InvitationId, KeyId, OrgId, PatId, RequestId, SessionId, UserId};
use keyfob_core::time::Timestamp;

use crate::StoreError;
use crate::db::{EngineRow, FromColumn, Value};

macro_rules! ids_in_columns {
    ($($id:ident),+) => {$(
        impl From<$id> for Value<'_> {
            fn from(id: $id) -> Self {
                Value::from(id.uuid())
            }
        }

        impl From<Option<$id>> for Value<'_> {
            fn from(id: Option<$id>) -> Self {
                Value::from(id.map($id::uuid))
            }
        }

        impl FromColumn for $id {
            fn from_column(row: &dyn EngineRow, index: usize) -> Result<Option<Self>, StoreError> {
                Ok(row.uuid(index)?.map($id::from_uuid))
            }
        }
    )+};
}

ids_in_columns!(
    ImportId,
    InvitationId,
    KeyId,
    OrgId,
    PatId,
    RequestId,
    SessionId,
    UserId
);

impl From<Timestamp> for Value<'_> {
    fn from(at: Timestamp) -> Self {
        Value::from(at.millis())
    }
}

impl From<Option<Timestamp>> for Value<'_> {
    fn from(at: Option<Timestamp>) -> Self {
        Value::from(at.map(Timestamp::millis))
    }
}

impl FromColumn for Timestamp {
    fn from_column(row: &dyn EngineRow, index: usize) -> Result<Option<Self>, StoreError> {
        Ok(row.int(index)?.map(Timestamp::from_millis))
    }
}
