//! The inbox's filter: from the address and back into addresses.

use clickback_core::flag::Flag;
use clickback_core::ids::{IntegrationId, RequestId, WorkspaceId};
use clickback_core::moment::Moment;
use serde::Deserialize;

use crate::store::inbox::{RequestFilter, Verdict};
use crate::web::visitor::form_encoded;

use super::period::Period;

/// Rows of one page.
const PAGE: usize = 50;

/// The filter as the address writes it. What is empty or unknown filters nothing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct InboxQuery {
    verdict: String,
    flagged: String,
    flag: String,
    integration: String,
    clickid: String,
    when: String,
    from: String,
    to: String,
    before: String,
    /// The newest row that a live page has.
    after: String,
}

/// Which requests are shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Filter {
    pub(super) verdict: Option<Verdict>,
    pub(super) flagged: bool,
    pub(super) flag: Option<Flag>,
    pub(super) integration: Option<IntegrationId>,
    pub(super) clickid: Option<String>,
    pub(super) period: Period,
    pub(super) before: Option<RequestId>,
}

impl InboxQuery {
    /// The filter that it names.
    pub(super) fn filter(&self) -> Filter {
        let clickid = self.clickid.trim();
        Filter {
            verdict: Verdict::from_code(&self.verdict),
            flagged: self.flagged == "1",
            flag: Flag::from_code(&self.flag),
            integration: self.integration.parse().ok(),
            clickid: (!clickid.is_empty()).then(|| clickid.to_owned()),
            period: Period::of(&self.when, &self.from, &self.to),
            before: self.before.parse().ok(),
        }
    }

    /// After which request a live page goes on.
    pub(super) fn after(&self) -> Option<RequestId> {
        self.after.parse().ok()
    }
}

impl Filter {
    /// The filter as the store takes it, with days of a time zone.
    pub(super) fn requests(
        &self,
        workspace: WorkspaceId,
        zone: &str,
        now: Moment,
    ) -> RequestFilter {
        let (from, to) = self.period.bounds(zone, now);
        RequestFilter {
            from,
            to,
            verdict: self.verdict,
            flag: self.flag,
            flagged: self.flagged,
            integration: self.integration,
            clickid: self.clickid.clone(),
            before: self.before,
            limit: PAGE,
            ..RequestFilter::new(workspace)
        }
    }

    /// Whether anything is left out.
    pub(super) fn narrows(&self) -> bool {
        let others = Filter {
            before: None,
            period: Period::Any,
            ..self.clone()
        };
        self.period.narrows() || others != Filter::default()
    }

    /// A page with this filter.
    pub(super) fn address(&self, path: &str) -> String {
        let mut address = path.to_owned();
        let mut mark = '?';
        let mut add = |name: &str, value: &str| {
            address.push(mark);
            mark = '&';
            address.push_str(name);
            address.push('=');
            address.push_str(&form_encoded(value));
        };
        if let Some(verdict) = self.verdict {
            add("verdict", verdict.code());
        }
        if self.flagged {
            add("flagged", "1");
        }
        if let Some(flag) = self.flag {
            add("flag", flag.code());
        }
        if let Some(integration) = self.integration {
            add("integration", &integration.to_string());
        }
        if let Some(clickid) = &self.clickid {
            add("clickid", clickid);
        }
        if self.period != Period::Any {
            add("when", self.period.code());
        }
        if let Period::Days { from, to } = &self.period {
            for (name, day) in [("from", from), ("to", to)] {
                if !day.is_empty() {
                    add(name, day);
                }
            }
        }
        if let Some(before) = self.before {
            add("before", &before.to_string());
        }
        address
    }

    /// The same filter from its newest row on.
    pub(super) fn newest(&self) -> Filter {
        Filter {
            before: None,
            ..self.clone()
        }
    }

    /// One tab: a verdict, the flagged ones, or all; integration, clickid and days stay.
    pub(super) fn tab(&self, verdict: Option<Verdict>, flagged: bool) -> Filter {
        Filter {
            verdict,
            flagged,
            flag: None,
            before: None,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(query: &str) -> Filter {
        let uri: axum::http::Uri = format!("/inbox?{query}").parse().unwrap();
        axum::extract::Query::<InboxQuery>::try_from_uri(&uri)
            .unwrap()
            .0
            .filter()
    }

    #[test]
    fn addresses_come_back() {
        for query in [
            "verdict=unmatched",
            "flagged=1&integration=2&clickid=a%2Fb%26c%20%2B",
            "flag=no_tid&before=0000000000010",
            "verdict=rejected&clickid=%D0%B0",
            "flagged=1&when=yesterday",
            "clickid=a&when=days&from=2026-11-01&to=2026-11-02&before=0000000000010",
            "when=days",
        ] {
            assert_eq!(parsed(query).address("/inbox"), format!("/inbox?{query}"));
        }
        assert_eq!(parsed("").address("/inbox"), "/inbox");
    }

    #[test]
    fn nonsense_filters_nothing() {
        let filter = parsed("verdict=odd&flag=&integration=x&clickid=+&before=1&lang=ru");
        assert_eq!(filter, Filter::default());
        assert!(!filter.narrows());
        assert!(parsed("clickid=a").narrows());
        assert!(parsed("when=today").narrows());
        assert!(!parsed("when=days&from=24.11").narrows());
    }

    #[test]
    fn tabs_keep_integration_and_clickid() {
        let filter =
            parsed("verdict=rejected&integration=3&clickid=a&when=week&before=0000000000010");
        let tab = filter.tab(None, true);
        assert_eq!(
            tab.address("/inbox"),
            "/inbox?flagged=1&integration=3&clickid=a&when=week"
        );
    }
}
