//! The registry of error codes: one table from which the enum, the answers and the document are made.

use http::StatusCode;

macro_rules! codes {
    ($($name:ident = $word:literal, $status:ident, $title:literal, $meaning:literal, $remedy:literal;)+) => {
        /// Every code that an answer's `error` member can have.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = $meaning] $name,)+
        }

        impl Code {
            /// All of them, by status.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The word on the wire; it never changes.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word),+ }
            }

            /// The HTTP status.
            pub const fn status(self) -> StatusCode {
                match self { $(Self::$name => StatusCode::$status),+ }
            }

            /// A few words that stay the same from answer to answer (RFC 9457 §3.1.3).
            pub const fn title(self) -> &'static str {
                match self { $(Self::$name => $title),+ }
            }

            /// What happened, in a sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning),+ }
            }

            /// What to do about it.
            pub const fn remedy(self) -> &'static str {
                match self { $(Self::$name => $remedy),+ }
            }
        }
    };
}

codes! {
    InvalidRequest = "invalid_request", BAD_REQUEST, "Invalid request",
        "A member or parameter is missing, malformed or contradicts another.",
        "Correct what the detail names and send the request again.";
    InvalidJson = "invalid_json", BAD_REQUEST, "Invalid JSON",
        "The body is not JSON, repeats a name, or is nested too deep.",
        "Send one JSON document in UTF-8 in which no object has a name twice.";
    NotSignedIn = "not_signed_in", UNAUTHORIZED, "Not signed in",
        "The request carries neither a session that still holds nor an access token.",
        "Sign in, or send an access token as `Authorization: Bearer`.";
    InvalidToken = "invalid_token", UNAUTHORIZED, "Invalid access token",
        "The access token is malformed, expired, or older than a loss of rights.",
        "Exchange the personal API token for a new access token.";
    InvalidCredentials = "invalid_credentials", UNAUTHORIZED, "Invalid credentials",
        "E-mail address and password do not belong to an account that can sign in.",
        "Check both. An operator can set a new password with `keyfobd user set-password`.";
    SessionRequired = "session_required", FORBIDDEN, "Session required",
        "This needs a person who is signed in; an access token cannot do it.",
        "Sign in and do it with the session.";
    ReauthenticationRequired = "reauthentication_required", FORBIDDEN, "Sign in again",
        "This needs a person who has signed in recently.",
        "Enter the password again, then repeat the request.";
    NotADirectMember = "not_a_direct_member", FORBIDDEN, "Not a direct member",
        "Only a direct member of an organization can generate a personal API token there.",
        "Ask somebody who manages the organization's members to add you.";
    Forbidden = "forbidden", FORBIDDEN, "Forbidden",
        "The permissions held at this organization do not allow it.",
        "Ask an owner for the permission that the detail names.";
    CrossSiteRequest = "cross_site_request", FORBIDDEN, "Cross-site request",
        "The request carries a session and was caused by another site.",
        "Use the server at its public address. A program should send an access token, no cookie.";
    NotFound = "not_found", NOT_FOUND, "Not found",
        "There is nothing at this address, or nothing that the caller may know of.",
        "Check the path and the ids in it, and for which organization the access token is.";
    MethodNotAllowed = "method_not_allowed", METHOD_NOT_ALLOWED, "Method not allowed",
        "This address does not answer that method.",
        "Use one of the methods in the header `Allow`.";
    LastOwner = "last_owner", CONFLICT, "Last owner",
        "Nobody would own the organization any more, at itself or above.",
        "Make somebody else an owner first.";
    TokenLimitReached = "token_limit_reached", CONFLICT, "Token limit reached",
        "The member has as many personal API tokens in this organization as the policy allows.",
        "Revoke one that is no longer needed.";
    AlreadyRotated = "already_rotated", CONFLICT, "Already rotated",
        "The token has a successor already: it is in use, or this is not the request that made it.",
        "Use the successor. If its secret is lost, revoke it and generate a new token.";
    AlreadyMember = "already_a_member", CONFLICT, "Already a member",
        "The address belongs to a direct member of each of these organizations.",
        "Change the member's roles instead.";
    NameTaken = "name_taken", CONFLICT, "Name taken",
        "Another organization of the same tree has that name.",
        "Choose another name; upper and lower case count as the same.";
    Conflict = "conflict", CONFLICT, "Conflict",
        "The request contradicts the present state.",
        "Read the present state and decide anew.";
    PayloadTooLarge = "payload_too_large", PAYLOAD_TOO_LARGE, "Body too large",
        "The body is larger than this address accepts.",
        "Send at most 16 KiB of JSON, or 8 KiB of form fields.";
    UnsupportedMediaType = "unsupported_media_type", UNSUPPORTED_MEDIA_TYPE, "Unsupported media type",
        "The body has another media type than this address accepts, or names none.",
        "Send `Content-Type: application/json`.";
    Unprocessable = "unprocessable", UNPROCESSABLE_ENTITY, "Unknown member",
        "The body has a member that nobody would read.",
        "Correct its name, or leave it out.";
    TooManyRequests = "too_many_requests", TOO_MANY_REQUESTS, "Too many requests",
        "Too many attempts from there failed, or too many are under way.",
        "Wait for the seconds in the header `Retry-After`.";
    TooManyHeaders = "too_many_headers", REQUEST_HEADER_FIELDS_TOO_LARGE, "Too many headers",
        "The request has more than 64 headers.",
        "Leave out what the server does not need: cookies of other sites, a proxy's own headers.";
    Internal = "internal", INTERNAL_SERVER_ERROR, "Internal error",
        "The server failed; what it was asked to do may or may not have been done.",
        "Give the operator the request id of the answer: the log names the cause under it.";
    MailUnavailable = "mail_unavailable", SERVICE_UNAVAILABLE, "Mail not sent",
        "The invitation was made, and the mail server did not take the mail.",
        "Send the invitation again later. The log names what the mail server answered.";
    TemporarilyUnavailable = "temporarily_unavailable", SERVICE_UNAVAILABLE, "Temporarily unavailable",
        "Something that the server needs for a decision, such as its database, is away.",
        "Try again after the seconds in the header `Retry-After`.";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn words_are_unique_and_codes_stand_by_status() {
        let words: BTreeSet<_> = Code::ALL.iter().map(|code| code.word()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        assert!(Code::ALL.is_sorted_by_key(|code| code.status().as_u16()));
    }
}
