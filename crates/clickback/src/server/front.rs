//! What stands between the socket and the HTTP parser: it mends request lines that the parser would
//! drop without an answer, and turns heads beyond the limits into an explained refusal.
//!
//! Partners send raw Cyrillic, quotes, angle brackets and blanks in addresses. For most of them the
//! request is the only copy of that money, so the bytes are percent-encoded here and the request is
//! read like any other.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes of the longest address: 64 KiB of query and its path, below what the parser takes.
const MAX_TARGET: usize = 65_500;
/// Bytes of the longest head.
const MAX_HEAD: usize = 120 * 1_024;
/// Headers of one request.
pub(super) const MAX_HEADERS: usize = 100;
/// Bytes read from the socket at once while a head is being collected.
const CHUNK: usize = 8 * 1_024;

/// Where in the stream of requests the next byte belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Head,
    /// So many bytes of a body are still to come.
    Body(u64),
    /// A body whose end only the parser knows: everything passes as it is from here on.
    Open,
    /// A refusal was put in place of the head: nothing more is read.
    Over,
}

/// A socket whose request heads are checked and mended.
pub(super) struct Front<S> {
    socket: S,
    place: Place,
    /// Bytes from the socket that are not yet judged.
    raw: Vec<u8>,
    /// Up to here `raw` was searched for the end of a head: no byte is looked at twice, however small
    /// the pieces are.
    searched: usize,
    /// Bytes for the parser, from `given` on.
    ready: Vec<u8>,
    given: usize,
}

impl<S> Front<S> {
    pub(super) fn new(socket: S) -> Self {
        Self {
            socket,
            place: Place::Head,
            raw: Vec::new(),
            searched: 0,
            ready: Vec::new(),
            given: 0,
        }
    }

    /// Moves what can be judged from `raw` to `ready`.
    fn judge(&mut self) {
        while !self.raw.is_empty() {
            match self.place {
                Place::Over => return self.raw.clear(),
                Place::Open => self.ready.append(&mut self.raw),
                Place::Body(left) => {
                    let take = self
                        .raw
                        .len()
                        .min(usize::try_from(left).unwrap_or(usize::MAX));
                    self.ready.extend(self.raw.drain(..take));
                    let left = left - take as u64;
                    self.place = if left == 0 {
                        Place::Head
                    } else {
                        Place::Body(left)
                    };
                }
                Place::Head => {
                    if self.searched == 0 {
                        let blank = self
                            .raw
                            .iter()
                            .take_while(|byte| matches!(byte, b'\r' | b'\n'))
                            .count();
                        self.raw.drain(..blank);
                    }
                    let end = head_end(&self.raw, self.searched);
                    self.searched = self.raw.len();
                    if end.is_none() && self.raw.len() <= MAX_HEAD {
                        return;
                    }
                    self.searched = 0;
                    let head: Vec<u8> = self.raw.drain(..end.unwrap_or(0)).collect();
                    if end.is_none() {
                        self.refuse(431);
                    } else {
                        self.pass(&head);
                    }
                }
            }
        }
    }

    /// A whole head, mended where needed.
    fn pass(&mut self, head: &[u8]) {
        let head = match read(head) {
            Ok(head) => head,
            Err(status) => return self.refuse(status),
        };
        if head.is_plain() {
            self.ready.extend_from_slice(head.line);
        } else {
            self.ready.extend_from_slice(head.method);
            self.ready.push(b' ');
            for byte in head.target {
                if is_plain(*byte) {
                    self.ready.push(*byte);
                } else {
                    self.ready
                        .extend_from_slice(format!("%{byte:02X}").as_bytes());
                }
            }
            self.ready.push(b' ');
            self.ready.extend_from_slice(head.version);
        }
        self.ready.extend_from_slice(head.headers);
        self.place = head.after;
    }

    /// Puts a request for an explained refusal in place of what came.
    fn refuse(&mut self, status: u16) {
        let request = format!(
            "GET /refused/{status} HTTP/1.1\r\nHost: clickback\r\nConnection: close\r\n\r\n"
        );
        self.ready.extend_from_slice(request.as_bytes());
        self.raw.clear();
        self.place = Place::Over;
    }
}

/// A head that can be read in one way only.
struct Head<'a> {
    line: &'a [u8],
    method: &'a [u8],
    target: &'a [u8],
    version: &'a [u8],
    headers: &'a [u8],
    after: Place,
}

impl Head<'_> {
    /// Nothing is to be mended.
    fn is_plain(&self) -> bool {
        self.target.iter().all(|byte| is_plain(*byte))
    }
}

/// Reads a whole head within the limits; else the status of its refusal.
fn read(head: &[u8]) -> Result<Head<'_>, u16> {
    if head.len() > MAX_HEAD {
        return Err(431);
    }
    let line_end = head
        .iter()
        .position(|byte| *byte == b'\n')
        .map_or(head.len(), |at| at + 1);
    let (line, headers) = head.split_at(line_end);
    let (method, target, version) = split_line(line).ok_or(400_u16)?;
    let after = after(headers).ok_or(400_u16)?;
    if target.len() > MAX_TARGET {
        return Err(414);
    }
    if headers.split(|byte| *byte == b'\n').count() > MAX_HEADERS + 2 {
        return Err(431);
    }
    Ok(Head {
        line,
        method,
        target,
        version,
        headers,
        after,
    })
}

/// Whether bytes from the socket are what the parser is to get: one whole plain head and nothing more.
/// Most requests are that, and are not copied.
fn passes_as_it_is(bytes: &[u8]) -> bool {
    !matches!(bytes.first(), Some(b'\r' | b'\n'))
        && head_end(bytes, 0) == Some(bytes.len())
        && read(bytes).is_ok_and(|head| head.is_plain() && head.after == Place::Head)
}

/// Bytes that the parser takes in an address. It would take what follows a `#` for a fragment and drop
/// it, which no address on the wire has: a partner's macro between `#` was not filled in.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'#')
}

/// Where the head ends: behind the first empty line. The search goes on at `from`.
fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
    (from..bytes.len())
        .find(|at| {
            bytes[*at] == b'\n' && {
                let before = bytes[..*at].strip_suffix(b"\r").unwrap_or(&bytes[..*at]);
                before.is_empty() || before.ends_with(b"\n")
            }
        })
        .map(|at| at + 1)
}

/// Method, address and version (with its line end). The address may contain blanks.
fn split_line(line: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let method_end = line.iter().position(|byte| *byte == b' ')?;
    let version_start = line.windows(6).rposition(|window| window == b" HTTP/")?;
    let is_method = line[..method_end]
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-');
    if version_start <= method_end || method_end == 0 || !is_method {
        return None;
    }
    Some((
        &line[..method_end],
        &line[method_end + 1..version_start],
        &line[version_start + 1..],
    ))
}

/// What follows a head; `None` where its length is said in two ways or in none that is a number.
fn after(headers: &[u8]) -> Option<Place> {
    let mut length = None;
    let mut open = false;
    for line in headers.split(|byte| *byte == b'\n') {
        let Some(colon) = line.iter().position(|byte| *byte == b':') else {
            continue;
        };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        open |= name.eq_ignore_ascii_case(b"transfer-encoding")
            || name.eq_ignore_ascii_case(b"upgrade");
        if name.eq_ignore_ascii_case(b"content-length") {
            let said: u64 = std::str::from_utf8(value).ok()?.parse().ok()?;
            if length.is_some_and(|known| known != said) {
                return None;
            }
            length = Some(said);
        }
    }
    match (open, length) {
        (true, Some(_)) => None,
        (true, None) => Some(Place::Open),
        (false, None | Some(0)) => Some(Place::Head),
        (false, Some(length)) => Some(Place::Body(length)),
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Front<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            if this.given < this.ready.len() {
                let take = into.remaining().min(this.ready.len() - this.given);
                into.put_slice(&this.ready[this.given..this.given + take]);
                this.given += take;
                if this.given == this.ready.len() {
                    this.ready.clear();
                    this.given = 0;
                }
                return Poll::Ready(Ok(()));
            }
            match this.place {
                Place::Over => return Poll::Ready(Ok(())),
                Place::Open => return Pin::new(&mut this.socket).poll_read(context, into),
                Place::Head if this.raw.is_empty() => {
                    let before = into.filled().len();
                    ready!(Pin::new(&mut this.socket).poll_read(context, into))?;
                    let came = &into.filled()[before..];
                    if came.is_empty() || passes_as_it_is(came) {
                        return Poll::Ready(Ok(()));
                    }
                    this.raw.extend_from_slice(came);
                    into.set_filled(before);
                    this.judge();
                    continue;
                }
                Place::Head | Place::Body(_) => {}
            }
            let mut chunk = [std::mem::MaybeUninit::uninit(); CHUNK];
            let mut chunk = ReadBuf::uninit(&mut chunk);
            ready!(Pin::new(&mut this.socket).poll_read(context, &mut chunk))?;
            if chunk.filled().is_empty() {
                // The end: half a head is passed on for the parser to judge.
                if this.raw.is_empty() {
                    return Poll::Ready(Ok(()));
                }
                this.place = Place::Open;
            }
            this.raw.extend_from_slice(chunk.filled());
            this.judge();
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Front<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().socket).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().socket).poll_shutdown(context)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().socket).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    /// What the parser sees when the bytes come in pieces of every size.
    fn seen(bytes: &[u8]) -> String {
        let mut results = Vec::new();
        for size in [1, 2, 3, 7, 64, bytes.len().max(1)] {
            let mut front = Front::new(());
            for piece in bytes.chunks(size) {
                front.raw.extend_from_slice(piece);
                front.judge();
            }
            results.push(String::from_utf8_lossy(&front.ready).into_owned());
        }
        assert!(
            results.iter().all(|result| *result == results[0]),
            "{results:?}"
        );
        results.remove(0)
    }

    #[test]
    fn request_lines_are_mended() {
        let cases = [
            (
                "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n",
            ),
            (
                "GET /a?b=Ж HTTP/1.1\r\n\r\n",
                "GET /a?b=%D0%96 HTTP/1.1\r\n\r\n",
            ),
            (
                "GET /a?b=\"<x>\" HTTP/1.1\r\n\r\n",
                "GET /a?b=%22%3Cx%3E%22 HTTP/1.1\r\n\r\n",
            ),
            (
                "GET /a?b=Bob Smith HTTP/1.1\r\n\r\n",
                "GET /a?b=Bob%20Smith HTTP/1.1\r\n\r\n",
            ),
            (
                "GET /a?b={x}[y]\\& HTTP/1.1\n\n",
                "GET /a?b={x}[y]\\& HTTP/1.1\n\n",
            ),
            (
                "GET /a?b=#price#&c=1 HTTP/1.1\r\n\r\n",
                "GET /a?b=%23price%23&c=1 HTTP/1.1\r\n\r\n",
            ),
        ];
        for (sent, expected) in cases {
            assert_eq!(seen(sent.as_bytes()), expected);
        }
    }

    #[test]
    fn bodies_pass_untouched_and_the_next_head_is_mended() {
        let sent = "POST /a HTTP/1.1\r\nContent-Length: 12\r\n\r\nGET /\"a HTTPGET /b?\"= HTTP/1.1\r\n\r\n";
        let expected = "POST /a HTTP/1.1\r\nContent-Length: 12\r\n\r\nGET /\"a HTTPGET /b?%22= HTTP/1.1\r\n\r\n";
        assert_eq!(seen(sent.as_bytes()), expected);
        let chunked = "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n\"\"\"\r\n0\r\n\r\nGET /\" HTTP/1.1\r\n\r\n";
        assert_eq!(seen(chunked.as_bytes()), chunked);
    }

    /// Requests that come one behind the other, whole or in two pieces, are the same to the parser.
    #[tokio::test]
    async fn a_read_gives_what_was_judged() {
        let plain = "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n";
        let post = "POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\na\"b";
        let cases = [
            (plain.to_owned(), None),
            (format!("{plain}{plain}"), None),
            (format!("{post}{plain}"), None),
            (format!("\r\n{plain}"), Some(plain)),
            (
                "GET /a?b=\"c HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(),
                Some("GET /a?b=%22c HTTP/1.1\r\nHost: x\r\n\r\n"),
            ),
            (
                format!("GET /{} HTTP/1.1\r\n\r\n{plain}", "x".repeat(9_000)),
                None,
            ),
            (
                "GET nothing\r\n\r\n".to_owned(),
                Some("GET /refused/400 HTTP/1.1\r\nHost: clickback\r\nConnection: close\r\n\r\n"),
            ),
        ];
        for (sent, expected) in cases {
            let expected = expected.unwrap_or(&sent);
            for at in (0..=sent.len()).filter(|at| *at < 200 || at % 997 == 0) {
                let (first, second) = sent.as_bytes().split_at(at);
                let mut front = Front::new(first.chain(second));
                let mut got = String::new();
                front.read_to_string(&mut got).await.expect("text");
                assert_eq!(got, expected, "in two pieces at {at}");
            }
        }
    }

    #[test]
    fn heads_beyond_the_limits_are_refused_once() {
        let long = format!(
            "GET /a?{} HTTP/1.1\r\n\r\nGET /b HTTP/1.1\r\n\r\n",
            "x".repeat(70_000)
        );
        assert!(seen(long.as_bytes()).starts_with("GET /refused/414 "));
        assert_eq!(seen(long.as_bytes()).matches("GET ").count(), 1);
        let many = format!("GET /a HTTP/1.1\r\n{}\r\n", "X: 1\r\n".repeat(101));
        assert!(seen(many.as_bytes()).starts_with("GET /refused/431 "));
        let few = format!("GET /a HTTP/1.1\r\n{}\r\n", "X: 1\r\n".repeat(100));
        assert!(seen(few.as_bytes()).starts_with("GET /a "));
        let lengths = "POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde";
        let both = "POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n";
        for nonsense in [
            lengths,
            both,
            "HELLO\r\n\r\n",
            " GET / HTTP/1.1\r\n\r\n",
            "G\"T / HTTP/1.1\r\n\r\n",
        ] {
            assert!(
                seen(nonsense.as_bytes()).starts_with("GET /refused/400 "),
                "{nonsense}"
            );
        }
        assert!(seen(&vec![b'x'; 200_000]).starts_with("GET /refused/431 "));
    }
}
