//! One accepted request as the journal keeps it: a checked frame around its raw parts.

use clickback_core::ids::{IntegrationId, RequestId};
use clickback_core::moment::Moment;

use crate::store::inbox::RawRequest;

/// Bytes in front of each entry: its length and its checksum.
pub(super) const FRAME: usize = 8;
/// An entry is never longer: limits of head and body are far below.
pub(super) const LONGEST: usize = 8 * 1_024 * 1_024;
/// Form of the bytes; another one is another number.
const FORM: u8 = 1;
/// Stands for a part that is not there.
const ABSENT: u32 = u32::MAX;

/// A request that was answered 200 and waits to be decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Entry {
    pub(in crate::store) request: RequestId,
    pub(in crate::store) integration: IntegrationId,
    pub(in crate::store) received_at: Moment,
    pub(in crate::store) raw: RawRequest,
}

/// Where the number of the request stands in an entry: behind its frame, form and method.
const NUMBER: std::ops::Range<usize> = FRAME + 2..FRAME + 10;
/// Bytes of an entry besides its texts.
const BARE: usize = FRAME + 2 + 3 * 8 + 4 * 4;

/// The framed entry of a request that has no number yet.
pub(super) fn encode(integration: IntegrationId, received_at: Moment, raw: &RawRequest) -> Vec<u8> {
    let parts = [
        Some(raw.query.as_slice()),
        raw.content_type.as_deref().map(str::as_bytes),
        raw.body.as_deref(),
        raw.address.as_deref().map(str::as_bytes),
    ];
    let texts: usize = parts.iter().flatten().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(BARE + texts);
    out.extend_from_slice(&[0; FRAME]);
    out.push(FORM);
    out.push(u8::from(raw.method == "POST"));
    for number in [0, integration.0, received_at.0] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    for part in parts {
        let length = part.map_or(ABSENT, |part| u32::try_from(part.len()).unwrap_or(ABSENT));
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(part.unwrap_or_default());
    }
    out
}

/// Gives an encoded entry the number of its request, and completes its frame.
pub(super) fn complete(entry: &mut [u8], request: RequestId) {
    let length = u32::try_from(entry.len() - FRAME).unwrap_or(u32::MAX);
    entry[NUMBER].copy_from_slice(&request.0.to_le_bytes());
    let sum = crc32fast::hash(&entry[FRAME..]);
    entry[..4].copy_from_slice(&length.to_le_bytes());
    entry[4..FRAME].copy_from_slice(&sum.to_le_bytes());
}

/// Length of the entry behind a frame, if the frame can be one.
pub(super) fn framed_length(frame: [u8; FRAME]) -> Option<usize> {
    let [a, b, c, d, ..] = frame;
    let length = usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?;
    (1..=LONGEST).contains(&length).then_some(length)
}

/// Reads an entry; `None` is a torn or damaged one.
pub(super) fn decode(frame: [u8; FRAME], bytes: &[u8]) -> Option<Entry> {
    let [.., a, b, c, d] = frame;
    if crc32fast::hash(bytes) != u32::from_le_bytes([a, b, c, d]) {
        return None;
    }
    let mut rest = Rest(bytes);
    if rest.take(1)? != [FORM] {
        return None;
    }
    let method = if rest.take(1)? == [1] { "POST" } else { "GET" };
    let request = RequestId(rest.number()?);
    let integration = IntegrationId(rest.number()?);
    let received_at = Moment(rest.number()?);
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).ok();
    let query = rest.part()??;
    let content_type = rest
        .part()?
        .map_or(Some(None), |part| text(part).map(Some))?;
    let body = rest.part()?;
    let address = rest
        .part()?
        .map_or(Some(None), |part| text(part).map(Some))?;
    Some(Entry {
        request,
        integration,
        received_at,
        raw: RawRequest {
            method,
            query,
            content_type,
            body,
            address,
        },
    })
}

/// Bytes that are still to be read.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<i64> {
        Some(i64::from_le_bytes(self.take(8)?.try_into().ok()?))
    }

    /// `Some(None)` is a part that was not there.
    #[expect(
        clippy::option_option,
        reason = "torn bytes and an absent part are two things"
    )]
    fn part(&mut self) -> Option<Option<Vec<u8>>> {
        let length = u32::from_le_bytes(self.take(4)?.try_into().ok()?);
        if length == ABSENT {
            return Some(None);
        }
        let length = usize::try_from(length).ok()?;
        self.take(length).map(|part| Some(part.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn framed(bytes: &[u8]) -> ([u8; FRAME], &[u8]) {
        (bytes[..FRAME].try_into().unwrap(), &bytes[FRAME..])
    }

    proptest! {
        #[test]
        fn entries_come_back(
            numbers in any::<(i64, i64, i64)>(),
            post in any::<bool>(),
            query in any::<Vec<u8>>(),
            content_type in any::<Option<String>>(),
            body in any::<Option<Vec<u8>>>(),
            address in any::<Option<String>>(),
            flipped in any::<(prop::sample::Index, u8)>(),
        ) {
            let entry = Entry {
                request: RequestId(numbers.0),
                integration: IntegrationId(numbers.1),
                received_at: Moment(numbers.2),
                raw: RawRequest {
                    method: if post { "POST" } else { "GET" },
                    query,
                    content_type,
                    body,
                    address,
                },
            };
            let mut bytes = encode(entry.integration, entry.received_at, &entry.raw);
            prop_assert_eq!(bytes.capacity(), bytes.len());
            complete(&mut bytes, entry.request);
            let (frame, rest) = framed(&bytes);
            prop_assert_eq!(framed_length(frame), Some(rest.len()));
            prop_assert_eq!(decode(frame, rest), Some(entry));
            // One changed byte, and one missing, are seen.
            prop_assert_eq!(decode(frame, &rest[..rest.len() - 1]), None);
            let mut damaged = bytes.clone();
            let place = FRAME + flipped.0.index(damaged.len() - FRAME);
            damaged[place] ^= flipped.1.max(1);
            let (frame, rest) = framed(&damaged);
            prop_assert_eq!(decode(frame, rest), None);
        }
    }
}
