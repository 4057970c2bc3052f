//! The load generator: realistic postbacks with duplicates and lies over keep-alive connections,
//! with rates and latency percentiles. Bounded in time; it stops by itself.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What to send.
#[derive(Debug, Clone)]
pub struct Plan {
    pub target: SocketAddr,
    /// Path of the postback address, without the query.
    pub path: String,
    /// Clickids of leads that exist.
    pub clickids: Arc<Vec<String>>,
    pub connections: usize,
    pub duration: Duration,
    /// Transaction ids begin here, so that two runs do not repeat each other.
    pub first_tid: u64,
    /// Only new events: neither duplicates nor lies.
    pub clean: bool,
}

/// What came back.
#[derive(Debug, Clone, Default)]
pub struct Report {
    pub seconds: f64,
    pub ok: u64,
    pub refused: u64,
    pub unavailable: u64,
    pub broken: u64,
    /// Sorted, in microseconds.
    latencies: Vec<u32>,
}

impl Report {
    /// Answered requests a second.
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    pub fn rate(&self) -> f64 {
        (self.ok + self.refused) as f64 / self.seconds.max(0.001)
    }

    /// A latency percentile in milliseconds; `share` is 0.5 for the median.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "an index from a share"
    )]
    pub fn percentile(&self, share: f64) -> f64 {
        if self.latencies.is_empty() {
            return 0.0;
        }
        let index = ((self.latencies.len() - 1) as f64 * share).round() as usize;
        f64::from(self.latencies[index]) / 1_000.0
    }
}

/// Writes requests of realistic proportions: of 100, 70 new deposits, 8 registrations, 10 exact
/// resends, 6 resends with another sum, 3 unfilled macros, 3 unknown clickids.
struct Script {
    plan: Plan,
    random: SmallRng,
    last: Vec<u8>,
}

impl Script {
    fn next(&mut self, tids: &AtomicU64, out: &mut Vec<u8>) {
        let roll = if self.plan.clean {
            0
        } else {
            self.random.random_range(0..100_u32)
        };
        if (78..88).contains(&roll) && !self.last.is_empty() {
            out.clear();
            out.extend_from_slice(&self.last);
            return;
        }
        let index = pick(self.plan.clickids.len(), self.random.random());
        let clickid = self
            .plan
            .clickids
            .get(index)
            .map_or("nobody", String::as_str);
        let tid = self.plan.first_tid + tids.fetch_add(1, Ordering::Relaxed);
        let cents = self.random.random_range(500..50_000_u32);
        let (whole, cents) = (cents / 100, cents % 100);
        let path = &self.plan.path;
        let head = match roll {
            70..78 => format!(
                "GET {path}?tracker.event=registration&clickid={clickid}&fields.user_id={index}"
            ),
            88..94 => format!(
                "GET {path}?tracker.event=sale&clickid={clickid}&tracker.cost={whole}.{cents:02}\
                 &tracker.currency=usd&tracker.tid={}",
                tid.saturating_sub(500)
            ),
            94..97 => format!(
                "GET {path}?tracker.event=sale&clickid={clickid}&tracker.cost={{amount}}\
                 &tracker.currency=usd&tracker.tid={{event_id}}"
            ),
            97..100 => format!(
                "GET {path}?tracker.event=sale&clickid=nobody{tid}&tracker.cost={whole}&tracker.currency=usd&tracker.tid={tid}"
            ),
            _ => format!(
                "GET {path}?tracker.event=sale&clickid={clickid}&tracker.cost={whole}.{cents:02}\
                 &tracker.currency=usd&tracker.tid={tid}&fields.last_deposit={whole}.{cents:02}"
            ),
        };
        out.clear();
        out.extend_from_slice(head.as_bytes());
        out.extend_from_slice(b" HTTP/1.1\r\nHost: load\r\n\r\n");
        self.last.clear();
        self.last.extend_from_slice(out);
    }
}

/// Which of so many leads (oldest first) a postback is about: four of five are about the newest fifth,
/// as in life, where people deposit in the days after they came.
pub fn pick(leads: usize, random: u64) -> usize {
    let leads = leads.max(1);
    let fifth = leads.div_ceil(5);
    let place = usize::try_from(random >> 8).unwrap_or(usize::MAX);
    if random.is_multiple_of(5) {
        place % leads
    } else {
        leads - 1 - place % fifth
    }
}

/// Runs the plan.
pub async fn run(plan: Plan) -> std::io::Result<Report> {
    let tids = Arc::new(AtomicU64::new(0));
    let begun = Instant::now();
    let until = begun + plan.duration;
    let mut tasks = Vec::with_capacity(plan.connections);
    for number in 0..plan.connections {
        let script = Script {
            plan: plan.clone(),
            random: SmallRng::seed_from_u64(plan.first_tid.wrapping_add(number as u64)),
            last: Vec::new(),
        };
        tasks.push(tokio::spawn(connection(script, Arc::clone(&tids), until)));
    }
    let mut report = Report::default();
    for task in tasks {
        let part = task.await.map_err(std::io::Error::other)??;
        report.ok += part.ok;
        report.refused += part.refused;
        report.unavailable += part.unavailable;
        report.broken += part.broken;
        report.latencies.extend(part.latencies);
    }
    report.seconds = begun.elapsed().as_secs_f64();
    report.latencies.sort_unstable();
    Ok(report)
}

async fn connection(
    mut script: Script,
    tids: Arc<AtomicU64>,
    until: Instant,
) -> std::io::Result<Report> {
    let mut client = Client::connect(script.plan.target).await?;
    let mut report = Report::default();
    let mut request = Vec::with_capacity(512);
    while Instant::now() < until {
        script.next(&tids, &mut request);
        let begun = Instant::now();
        if let Ok(status) = client.exchange(&request).await {
            let micros = u32::try_from(begun.elapsed().as_micros()).unwrap_or(u32::MAX);
            report.latencies.push(micros);
            match status {
                200 => report.ok += 1,
                503 => report.unavailable += 1,
                _ => report.refused += 1,
            }
        } else {
            report.broken += 1;
            client = Client::connect(script.plan.target).await?;
        }
    }
    Ok(report)
}

/// One keep-alive HTTP/1.1 connection that reads only what it needs: status and length.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    body: std::ops::Range<usize>,
}

impl Client {
    /// Connects.
    pub async fn connect(target: SocketAddr) -> std::io::Result<Client> {
        let stream = TcpStream::connect(target).await?;
        stream.set_nodelay(true)?;
        Ok(Client {
            stream,
            buffer: Vec::with_capacity(4_096),
            body: 0..0,
        })
    }

    /// Sends a whole request and returns the status of its answer.
    pub async fn exchange(&mut self, request: &[u8]) -> std::io::Result<u16> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let broken =
            |what: &str| std::io::Error::new(std::io::ErrorKind::InvalidData, what.to_owned());
        loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err(broken("the connection was closed"));
            }
            let Some(end) = find(&self.buffer, b"\r\n\r\n") else {
                continue;
            };
            let head = std::str::from_utf8(&self.buffer[..end])
                .map_err(|_| broken("the head is not text"))?;
            let status = head
                .get(9..12)
                .and_then(|text| text.parse().ok())
                .ok_or_else(|| broken("no status"))?;
            let length = head
                .split("\r\n")
                .filter_map(|line| line.split_once(':'))
                .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                .and_then(|(_, value)| value.trim().parse::<usize>().ok())
                .unwrap_or(0);
            let whole = end + 4 + length;
            while self.buffer.len() < whole {
                if self.stream.read_buf(&mut self.buffer).await? == 0 {
                    return Err(broken("the connection was closed"));
                }
            }
            self.body = end + 4..whole;
            return Ok(status);
        }
    }

    /// The body of the last answer.
    pub fn body(&self) -> &[u8] {
        &self.buffer[self.body.clone()]
    }

    /// Sends JSON with a bearer token and reads JSON.
    pub async fn api(
        &mut self,
        method: &str,
        path: &str,
        token: &str,
        body: Option<&serde_json::Value>,
    ) -> std::io::Result<(u16, serde_json::Value)> {
        let body = body.map(ToString::to_string).unwrap_or_default();
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: clickback\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let status = self.exchange(request.as_bytes()).await?;
        Ok((
            status,
            serde_json::from_slice(self.body()).unwrap_or_default(),
        ))
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::pick;

    #[test]
    fn most_postbacks_are_about_recent_leads() {
        let mut random = 7_u64;
        let mut recent = 0;
        for _ in 0..10_000 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let place = pick(1_000, random >> 3);
            assert!(place < 1_000);
            recent += usize::from(place >= 800);
        }
        assert!((8_000..9_000).contains(&recent), "{recent}");
        assert_eq!((pick(0, 9), pick(1, 9), pick(1, 10)), (0, 0, 0));
    }
}
