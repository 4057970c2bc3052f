//! Calls pages and measures them.

use std::collections::BTreeMap;
use std::time::Instant;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::http::header::{ACCEPT_ENCODING, COOKIE};
use clickback::app;
use clickback::store::inbox::RequestFilter;
use clickback::store::leads::LeadFilter;
use tower::ServiceExt as _;

use super::fill::{Filled, WORKSPACE, clickid};

/// Calls of each page.
const CALLS: usize = 30;
/// A list that takes longer is a defect (milliseconds).
const LONGEST: f64 = 50.0;

struct Visitor<'f> {
    router: Router,
    cookie: &'f str,
    /// Sizes of style sheets and scripts by their address.
    files: BTreeMap<String, usize>,
}

impl Visitor<'_> {
    async fn get(&self, address: &str, compressed: bool) -> (u16, Vec<u8>) {
        let mut request = Request::get(address).header(COOKIE, self.cookie);
        if compressed {
            request = request.header(ACCEPT_ENCODING, "gzip");
        }
        let request = request.body(Body::empty()).expect("a request");
        let answer = self
            .router
            .clone()
            .oneshot(request)
            .await
            .expect("an answer");
        let status = answer.status().as_u16();
        let body = to_bytes(answer.into_body(), usize::MAX)
            .await
            .expect("a body");
        (status, body.to_vec())
    }

    /// Bytes of the style sheets and scripts that a page or a script asks for.
    async fn weight_of_files(&mut self, text: &str) -> usize {
        let mut waiting: Vec<String> = files_in(text);
        let mut sizes = BTreeMap::new();
        while let Some(address) = waiting.pop() {
            if sizes.contains_key(&address) {
                continue;
            }
            if !self.files.contains_key(&address) {
                let size = self.get(&address, true).await.1.len();
                self.files.insert(address.clone(), size);
            }
            sizes.insert(address.clone(), self.files[&address]);
            if address.contains(".js") {
                let (_, script) = self.get(&address, false).await;
                waiting.extend(files_in(&String::from_utf8_lossy(&script)));
            }
        }
        sizes.values().sum()
    }
}

/// Addresses of style sheets and scripts in a page, or of scripts that a script brings in.
fn files_in(text: &str) -> Vec<String> {
    let of_page = text
        .split("\"/assets/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .filter(|name| name.contains(".css") || name.contains(".js"));
    let of_script = text
        .lines()
        .filter(|line| line.starts_with("import "))
        .filter_map(|line| line.split("\"./").nth(1)?.split('"').next());
    of_page
        .chain(of_script)
        .map(|name| format!("/assets/{name}"))
        .collect()
}

pub(crate) async fn all(filled: &Filled) {
    let mut visitor = Visitor {
        router: app::router(std::sync::Arc::clone(&filled.app)),
        cookie: &filled.cookie,
        files: BTreeMap::new(),
    };
    println!("| page | median, ms | slowest, ms | page, KB | first visit, KB |");
    println!("|---|---|---|---|---|");
    let mut slow = Vec::new();
    for address in addresses(filled).await {
        let (status, page) = visitor.get(&address, false).await;
        assert_eq!(status, 200, "{address}");
        let files = visitor
            .weight_of_files(&String::from_utf8_lossy(&page))
            .await;
        let mut times = Vec::with_capacity(CALLS);
        let mut own = 0;
        for _ in 0..CALLS {
            let begun = Instant::now();
            let (_, body) = visitor.get(&address, true).await;
            times.push(begun.elapsed().as_secs_f64() * 1_000.0);
            own = body.len();
        }
        times.sort_by(f64::total_cmp);
        let (median, slowest) = (times[times.len() / 2], times[times.len() - 1]);
        println!(
            "| `{address}` | {median:.1} | {slowest:.1} | {} | {} |",
            own.div_ceil(1_024),
            (own + files).div_ceil(1_024),
        );
        if median > LONGEST {
            slow.push(address);
        }
    }
    assert!(slow.is_empty(), "slower than {LONGEST} ms: {slow:?}");
}

/// The pages that people live in, with the filters that they use, at both ends of their lists.
async fn addresses(filled: &Filled) -> Vec<String> {
    let store = &filled.app.store;
    let middle = store
        .lead_by_clickid(WORKSPACE, &clickid(filled.leads / 2))
        .await
        .expect("a store")
        .expect("the lead");
    let newest = store
        .leads(LeadFilter::new(WORKSPACE))
        .await
        .expect("leads");
    let integration = store.snapshot().of(WORKSPACE)[0].id;
    let requests = store
        .requests(RequestFilter::new(WORKSPACE))
        .await
        .expect("requests");
    let request = requests.items[0].id;
    let of_middle = RequestFilter {
        lead: Some(middle.id),
        ..RequestFilter::new(WORKSPACE)
    };
    let old = store.requests(of_middle).await.expect("requests");
    let old = old.items.last().map_or(request, |request| request.id);
    let known = clickid(filled.leads / 3);
    let links = store.links(WORKSPACE).await.expect("links");
    [
        "/".to_owned(),
        "/inbox".to_owned(),
        "/inbox?verdict=accepted".to_owned(),
        "/inbox?verdict=duplicate".to_owned(),
        "/inbox?verdict=unmatched".to_owned(),
        "/inbox?verdict=rejected".to_owned(),
        "/inbox?flagged=1".to_owned(),
        "/inbox?flag=amount_reinterpreted".to_owned(),
        format!("/inbox?integration={integration}"),
        format!("/inbox?integration={integration}&verdict=duplicate"),
        format!("/inbox?clickid={known}"),
        "/inbox?clickid=nobody".to_owned(),
        format!("/inbox?before={old}"),
        format!("/inbox/{request}"),
        "/leads".to_owned(),
        format!("/leads?before={}", middle.id),
        format!("/leads?search={known}"),
        "/leads?search=%D0%9B%D0%B5%D0%B1%D0%B5%D0%B4%D0%B5%D0%B2".to_owned(),
        "/leads?search=%D0%9B%D0%B5%D0%B1".to_owned(),
        "/leads?search=maria+s".to_owned(),
        "/leads?search=nobody+at+all".to_owned(),
        "/leads?status=in_work".to_owned(),
        "/leads?tag=wave+3".to_owned(),
        format!("/leads?integration={integration}"),
        "/leads?deposited=yes".to_owned(),
        "/leads?deposited=no".to_owned(),
        format!("/leads/{}", middle.id),
        format!("/leads/{}", newest.items[0].id),
        "/integrations".to_owned(),
        format!("/integrations/{integration}"),
        "/links".to_owned(),
        format!("/links/{}", links[0].id),
        "/find?q=lead-00".to_owned(),
        "/find?q=%D0%BA%D0%B8%D0%BC".to_owned(),
        "/doctor".to_owned(),
        "/partners/1win".to_owned(),
        "/settings/fields".to_owned(),
        "/settings/log".to_owned(),
        "/help".to_owned(),
    ]
    .to_vec()
}
