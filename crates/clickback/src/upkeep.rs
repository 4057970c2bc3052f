//! What `check` and `seal` say: reports as text for a terminal.

use std::fmt::Write as _;

use clickback_core::moment::Moment;
use clickback_core::month::Month;

use crate::store::check::{CheckReport, Sealed, Sealing, Seals};
use crate::store::{Store, StoreError, StoreResult};

/// What is said, and whether all is well.
#[derive(Debug, PartialEq, Eq)]
pub struct Said {
    pub text: String,
    pub well: bool,
}

fn fine(text: String) -> Said {
    Said { text, well: true }
}

/// Checks what is not sealed, or all, and says what was found.
///
/// # Errors
///
/// The database does not answer.
pub async fn check(store: &dyn Store, all: bool) -> StoreResult<Said> {
    let report = if all {
        store.check_all().await?
    } else {
        store.check().await?
    };
    Ok(told(&report, all))
}

/// Seals a month with everything before it; without one, says how far months are sealed and could be.
///
/// # Errors
///
/// The text is no month, the month is not over, or the database does not answer.
pub async fn seal(store: &dyn Store, month: Option<&str>) -> StoreResult<Said> {
    let Some(month) = month else {
        return Ok(fine(state(&store.seals().await?)));
    };
    Ok(match store.seal(parsed(month)?).await? {
        Sealing::Done(report) => {
            let mut text = report.sealed.as_ref().map(is_sealed).unwrap_or_default();
            text.push_str("what was not sealed before was checked first:\n");
            let open = CheckReport {
                sealed: None,
                ..report
            };
            text.push_str(&told(&open, false).text);
            fine(text)
        }
        Sealing::Already(sealed) => fine(is_sealed(&sealed)),
        Sealing::Refused(report) => {
            let mut said = told(&report, false);
            said.text
                .push_str("nothing was sealed: what is wrong stays visible until it is right\n");
            said
        }
    })
}

/// Takes the seals of a month and of everything after it away.
///
/// # Errors
///
/// The text is no month, or the database does not answer.
pub async fn unseal(store: &dyn Store, month: &str) -> StoreResult<Said> {
    let month = parsed(month)?;
    store.unseal(month).await?;
    let text = state(&store.seals().await?);
    Ok(fine(text))
}

fn parsed(month: &str) -> StoreResult<Month> {
    Month::parse_written(month).map_err(|error| StoreError::Invalid {
        message: format!("{error}: write it as 2026-10"),
    })
}

fn told(report: &CheckReport, all: bool) -> Said {
    let CheckReport {
        events,
        requests,
        leads,
        rollups,
        sealed,
        problems,
    } = report;
    let mut text = String::new();
    // Writing to a text cannot fail.
    let _ = match sealed.as_ref() {
        Some(sealed) if !all => writeln!(
            text,
            "{}since then: {leads} leads, {requests} requests, {events} events recounted; {rollups} \
             roll-up rows compared",
            is_sealed(sealed)
        ),
        Some(sealed) => writeln!(
            text,
            "{leads} leads, {requests} requests, {events} events, {rollups} roll-up rows recounted, \
             what is sealed ({} and before) too",
            sealed.through.written()
        ),
        None => writeln!(
            text,
            "{leads} leads, {requests} requests, {events} events, {rollups} roll-up rows recounted"
        ),
    };
    for problem in problems {
        let _ = writeln!(text, "wrong: {problem}");
    }
    if problems.is_empty() {
        text.push_str("everything agrees\n");
    }
    Said {
        text,
        well: problems.is_empty(),
    }
}

/// One line.
fn is_sealed(sealed: &Sealed) -> String {
    let Moment(micros) = sealed.sealed_at;
    let to_the_second = Moment(micros - micros.rem_euclid(1_000_000));
    format!(
        "{} and before: sealed on {to_the_second} with {} events of {} requests\n",
        sealed.through.written(),
        sealed.events,
        sealed.requests
    )
}

fn state(seals: &Seals) -> String {
    let mut text = match &seals.sealed {
        Some(sealed) => is_sealed(sealed),
        None => "nothing is sealed\n".to_owned(),
    };
    match seals.next.map(Month::written) {
        Some(next) => {
            let _ = writeln!(
                text,
                "{next} is over: seal it with everything before it by `clickback seal {next}`"
            );
        }
        None => text.push_str("no other month with postbacks is over for more than a day\n"),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(sealed: bool) -> CheckReport {
        CheckReport {
            events: 30,
            requests: 40,
            leads: 5,
            rollups: 12,
            sealed: sealed.then(|| Sealed {
                through: "2026_10".parse().unwrap(),
                sealed_at: Moment::parse_rfc3339("2026-11-03T04:05:06.789Z").unwrap(),
                events: 1_000,
                requests: 2_000,
            }),
            problems: Vec::new(),
        }
    }

    #[test]
    fn what_was_read_is_said() {
        let cases = [
            (
                false,
                false,
                "5 leads, 40 requests, 30 events, 12 roll-up rows recounted\neverything agrees\n",
            ),
            (
                true,
                false,
                "2026-10 and before: sealed on 2026-11-03T04:05:06Z with 1000 events of 2000 requests\n\
                 since then: 5 leads, 40 requests, 30 events recounted; 12 roll-up rows compared\n\
                 everything agrees\n",
            ),
            (
                true,
                true,
                "5 leads, 40 requests, 30 events, 12 roll-up rows recounted, what is sealed (2026-10 and \
                 before) too\neverything agrees\n",
            ),
        ];
        for (sealed, all, text) in cases {
            assert_eq!(told(&report(sealed), all), fine(text.to_owned()));
        }
        let wrong = CheckReport {
            problems: vec!["2 events without a lead".to_owned()],
            ..report(false)
        };
        let said = told(&wrong, false);
        assert!(!said.well);
        assert!(
            said.text.ends_with("\nwrong: 2 events without a lead\n"),
            "{said:?}"
        );
    }

    #[test]
    fn what_can_be_sealed_is_said() {
        let seals = |next: Option<&str>| Seals {
            sealed: report(true).sealed,
            next: next.map(|next| next.parse().unwrap()),
        };
        assert!(state(&seals(Some("2026_11"))).ends_with("by `clickback seal 2026-11`\n"));
        assert!(state(&seals(None)).ends_with("over for more than a day\n"));
        let message = parsed("november").unwrap_err().to_string();
        assert_eq!(message, "`november` is not a month: write it as 2026-10");
    }
}
