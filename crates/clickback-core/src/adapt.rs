//! What an integration's rules say where its partner does not: the event, its status, which of
//! several sums is meant. Said as parameters of their own, so that judging and explaining agree.

use std::borrow::Cow;

use crate::event::Status;
use crate::params::{Param, Params, Place};
use crate::rules::{Rules, Ruleset};

/// Adds what the rules imply; a parameter that came empty is filled in. What came with a value is
/// never changed and always counts first.
pub(crate) fn adapt(params: &mut Params<'_>, ruleset: &Ruleset) {
    let rules = &ruleset.rules;
    if says_nothing(rules) {
        return;
    }
    if !comes(params, ruleset, "tracker.event")
        && let Some(word) = event_of_parameters(params, rules)
    {
        imply(params, ruleset, &said("tracker.event", word));
    }
    let Some(word) = event_word(params, ruleset) else {
        return;
    };
    if let Some(status) = rules.event_statuses.get(&word)
        && !comes(params, ruleset, "tracker.status")
    {
        // Holding is Clickback's own doing, as for any word of a partner.
        let status = match status {
            Status::Held => Status::Pending,
            status => *status,
        };
        let status = said("tracker.status", status.code().to_owned());
        imply(params, ruleset, &status);
    }
    if let Some(carrier) = rules.amounts.get(ruleset.event(&word).as_str())
        && !comes(params, ruleset, "tracker.cost")
        && let Some(param) = params.get(carrier)
    {
        let sum = Param {
            name: Cow::Borrowed("tracker.cost"),
            place: Place::Rules,
            ..param.clone()
        };
        imply(params, ruleset, &sum);
    }
}

fn says_nothing(rules: &Rules) -> bool {
    rules.default_event.is_empty()
        && rules.event_params.is_empty()
        && rules.event_statuses.is_empty()
        && rules.amounts.is_empty()
}

/// The parameters that stand for a name of ours, under it or under an alias.
fn standing_for<'p, 'a>(
    params: &'p Params<'a>,
    ruleset: &'p Ruleset,
    name: &'p str,
) -> impl Iterator<Item = &'p Param<'a>> {
    params
        .list
        .iter()
        .filter(move |param| ruleset.canonical(&param.name).unwrap_or(&param.name) == name)
}

fn comes(params: &Params<'_>, ruleset: &Ruleset, name: &str) -> bool {
    standing_for(params, ruleset, name).any(|param| !param.value.trim().is_empty())
}

/// The event's word in lower case: under our own name before an alias, as in judging.
fn event_word(params: &Params<'_>, ruleset: &Ruleset) -> Option<String> {
    let mut words = standing_for(params, ruleset, "tracker.event")
        .filter(|param| !param.value.trim().is_empty());
    let first = words.next()?;
    let own = std::iter::once(first)
        .chain(words)
        .find(|param| param.name == "tracker.event");
    Some(own.unwrap_or(first).value.trim().to_lowercase())
}

/// The event that a parameter like `reg=true` names, or the one that goes without saying.
fn event_of_parameters(params: &Params<'_>, rules: &Rules) -> Option<String> {
    let is_true = |param: &&Param<'_>| {
        let value = param.value.trim();
        value == "1" || value.eq_ignore_ascii_case("true") || value.eq_ignore_ascii_case("yes")
    };
    let switched = params
        .list
        .iter()
        .filter(is_true)
        .find_map(|param| rules.event_params.get(param.name.as_ref()));
    let default = Some(&rules.default_event).filter(|word| !word.is_empty());
    switched.or(default).cloned()
}

fn said(name: &'static str, value: String) -> Param<'static> {
    Param {
        name: Cow::Borrowed(name),
        raw: Cow::Owned(value.clone()),
        value: Cow::Owned(value),
        broken: false,
        place: Place::Rules,
    }
}

/// Fills in the parameters that came empty for the same thing, or adds one.
fn imply<'a>(params: &mut Params<'a>, ruleset: &Ruleset, implied: &Param<'a>) {
    let mut is_filled = false;
    for param in &mut params.list {
        let name = ruleset.canonical(&param.name).unwrap_or(&param.name);
        if name == implied.name && param.value.trim().is_empty() {
            let name = std::mem::take(&mut param.name);
            *param = Param {
                name,
                ..implied.clone()
            };
            is_filled = true;
        }
    }
    if !is_filled {
        params.list.push(implied.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::Parts;

    fn read(rules: &str, query: &str) -> Vec<String> {
        let ruleset = Ruleset {
            rules: toml::from_str(rules).unwrap(),
            ..Ruleset::default()
        };
        let parts = Parts {
            query: query.as_bytes(),
            content_type: None,
            body: None,
        };
        let params = parts.params(&ruleset).unwrap();
        let implied = params
            .list
            .iter()
            .filter(|param| param.place == Place::Rules);
        implied
            .map(|param| format!("{}={}", param.name, param.value))
            .collect()
    }

    #[test]
    fn what_goes_without_saying() {
        let switches = "event_params = { reg = 'registration', dep = 'deposit' }";
        let default = "default_event = 'sale'";
        let both = "default_event = 'sale'\nevent_params = { reg = 'registration' }";
        let status = "aliases = { status = 'tracker.event' }\n\
                      events = { rejected = 'sale' }\n\
                      event_statuses = { rejected = 'rejected', look = 'held' }";
        let sums = "events = { wd = 'withdrawal' }\n\
                    amounts = { withdrawal = 'sumwithdraw', deposit = 'sumdep' }";
        let rows: &[(&str, &str, &[&str])] = &[
            ("", "reg=true", &[]),
            (
                switches,
                "reg=true&clickid=1",
                &["tracker.event=registration"],
            ),
            (switches, "dep=1", &["tracker.event=deposit"]),
            (switches, "dep=TRUE", &["tracker.event=deposit"]),
            (switches, "dep=false&reg=", &[]),
            (switches, "dep={dep}", &[]),
            (switches, "tracker.event=sale&reg=true", &[]),
            (
                switches,
                "tracker.event=&reg=true",
                &["tracker.event=registration"],
            ),
            (default, "clickid=1", &["tracker.event=sale"]),
            (default, "tracker.event=deposit", &[]),
            (both, "reg=true", &["tracker.event=registration"]),
            (both, "reg=false", &["tracker.event=sale"]),
            (status, "status=Rejected", &["tracker.status=rejected"]),
            (status, "status=look", &["tracker.status=pending"]),
            (status, "status=sale", &[]),
            (
                "aliases = { et = 'tracker.event' }\ndefault_event = 'sale'",
                "et=&clickid=1",
                &["et=sale"],
            ),
            (status, "status=rejected&tracker.status=approved", &[]),
            (status, "status=rejected&tracker.event=sale", &[]),
            (
                sums,
                "tracker.event=wd&sumdep=5&sumwithdraw=7",
                &["tracker.cost=7"],
            ),
            (
                sums,
                "tracker.event=deposit&sumdep=5&sumwithdraw=0",
                &["tracker.cost=5"],
            ),
            (sums, "tracker.event=deposit&sumdep=5&tracker.cost=6", &[]),
            (sums, "tracker.event=registration&sumdep=5", &[]),
            (sums, "tracker.event=deposit", &[]),
        ];
        for (rules, query, implied) in rows {
            assert_eq!(read(rules, query), *implied, "{rules}: {query}");
        }
    }
}
