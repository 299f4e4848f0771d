//! Refused exchanges of tokens whose text was right (contract P16): how often for each reason, and the
//! latest of each. They are noted behind the exchange, so that it never waits for them.

use keyfob_core::exchange::Denial;
use keyfob_core::id::{OrgId, PatId, RequestId, UserId};
use keyfob_core::time::Timestamp;

use crate::StoreError;
use crate::db::{RowRef, Tx, Value, args, statements};
use crate::pat::read_because;

/// How many refusals of a token are kept for each reason, the latest ones.
pub const REFUSALS_KEPT: usize = 10;

statements! {
    // Nothing is noted of the tokens of somebody who was erased.
    REFUSAL_COUNT = "INSERT INTO pat_refusal_count (pat, reason, times)
        SELECT p.id, $2, $3 FROM pat p JOIN users u ON u.id = p.user_id WHERE p.id = $1 AND u.erased_at IS NULL
        ON CONFLICT (pat, reason) DO UPDATE SET times = pat_refusal_count.times + excluded.times";
    REFUSAL_INSERT = "INSERT INTO pat_refusal (request, pat, reason, refused_at, address, client, organization)
        SELECT $1, p.id, $3, $4, $5, $6, $7 FROM pat p JOIN users u ON u.id = p.user_id WHERE p.id = $2 AND u.erased_at IS NULL
        ON CONFLICT (request) DO NOTHING";
    REFUSAL_TRIM = "DELETE FROM pat_refusal WHERE pat = $1 AND reason = $2 AND request <
        (SELECT k.request FROM pat_refusal k WHERE k.pat = $1 AND k.reason = $2 ORDER BY k.request DESC LIMIT 1 OFFSET $3)";
    REFUSAL_LIST = "SELECT r.pat, p.user_id, r.reason, p.revoked_because, p.revoked_by, c.times,
            r.request, r.refused_at, r.address, r.client, r.organization
        FROM visible_pat p JOIN pat_refusal_count c ON c.pat = p.id
        JOIN pat_refusal r ON r.pat = c.pat AND r.reason = c.reason
        WHERE p.organization_id = $1 AND p.user_id = $2 AND NOT EXISTS
            (SELECT 1 FROM pat_refusal n WHERE n.pat = r.pat AND n.reason = r.reason AND n.request > r.request)";
    REFUSAL_FIND = "SELECT r.pat, p.user_id, r.reason, p.revoked_because, p.revoked_by, c.times,
            r.request, r.refused_at, r.address, r.client, r.organization
        FROM pat_refusal r JOIN pat_refusal_count c ON c.pat = r.pat AND c.reason = r.reason
        JOIN visible_pat p ON p.id = r.pat
        WHERE r.request = $2 AND p.organization_id = $1";
}

/// One refused exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The request.
    pub request: RequestId,
    /// When.
    pub at: Timestamp,
    /// The client's address.
    pub address: Option<String>,
    /// What the client called itself.
    pub client: Option<String>,
    /// The organization asked for, whether or not there is one.
    pub organization: OrgId,
}

/// What is to be noted of one token and one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRefusals {
    /// The token.
    pub pat: PatId,
    /// Why.
    pub reason: Denial,
    /// How many there were.
    pub times: u32,
    /// The latest of them.
    pub latest: Vec<Refusal>,
}

/// The refusals of a token for one reason, and one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The token.
    pub pat: PatId,
    /// Whose it is.
    pub user: UserId,
    /// Why.
    pub reason: Denial,
    /// Who revoked the token; none when nobody did, or the operator.
    pub revoked_by: Option<UserId>,
    /// How often, for this reason.
    pub times: i64,
    /// One of them: in a list the last.
    pub refusal: Refusal,
}

/// Notes refusals, and lets the older ones go.
pub async fn refusal_put(tx: &mut Tx, new: &[NewRefusals]) -> Result<(), StoreError> {
    let kept_before_last = i64::try_from(REFUSALS_KEPT - 1).unwrap_or(i64::MAX);
    let (mut counts, mut refusals, mut trims) = (Vec::new(), Vec::new(), Vec::new());
    for of in new {
        let (pat, reason) = (Value::from(of.pat), Value::from(of.reason.word()));
        counts.push(vec![pat, reason, Value::from(i64::from(of.times))]);
        trims.push(vec![pat, reason, Value::from(kept_before_last)]);
        for refusal in &of.latest {
            refusals.push(vec![
                Value::from(refusal.request),
                pat,
                reason,
                Value::from(refusal.at),
                Value::from(refusal.address.as_deref()),
                Value::from(refusal.client.as_deref()),
                Value::from(refusal.organization),
            ]);
        }
    }
    tx.execute_many(&REFUSAL_COUNT, &counts).await?;
    tx.execute_many(&REFUSAL_INSERT, &refusals).await?;
    tx.execute_many(&REFUSAL_TRIM, &trims).await?;
    Ok(())
}

/// Lists the refusals of a user's tokens in an organization: of each token and reason the last one.
pub async fn refusal_list(
    tx: &mut Tx,
    organization: OrgId,
    user: UserId,
) -> Result<Vec<Refused>, StoreError> {
    tx.all(&REFUSAL_LIST, args![organization, user], read).await
}

/// Finds the refusal of a token of an organization by its request.
pub async fn refusal_find(
    tx: &mut Tx,
    organization: OrgId,
    request: RequestId,
) -> Result<Option<Refused>, StoreError> {
    tx.optional(&REFUSAL_FIND, args![organization, request], read)
        .await
}

fn read(row: &RowRef<'_>) -> Result<Refused, StoreError> {
    let reason = Denial::from_word(row.text(2)?, read_because(row, 3)?)
        .ok_or(StoreError::corrupt("an unknown reason of refusal"))?;
    Ok(Refused {
        pat: row.get(0)?,
        user: row.get(1)?,
        reason,
        revoked_by: row.get(4)?,
        times: row.get(5)?,
        refusal: Refusal {
            request: row.get(6)?,
            at: row.get(7)?,
            address: row.get(8)?,
            client: row.get(9)?,
            organization: row.get(10)?,
        },
    })
}
