//! The reserved names: which parameter stands for each, and the guard that every value passes.

use crate::flag::{Flag, Flags};
use crate::macros;
use crate::params::Param;

use super::Rejection;

/// The reserved names of one request; everything else is a field or is kept with the request.
#[derive(Default)]
pub(super) struct Reserved<'p, 'a> {
    pub(super) clickid: Slot<'p, 'a>,
    pub(super) event: Slot<'p, 'a>,
    pub(super) cost: Slot<'p, 'a>,
    pub(super) currency: Slot<'p, 'a>,
    pub(super) payout: Slot<'p, 'a>,
    pub(super) payout_currency: Slot<'p, 'a>,
    pub(super) tid: Slot<'p, 'a>,
    pub(super) status: Slot<'p, 'a>,
    pub(super) time: Slot<'p, 'a>,
}

impl<'p, 'a> Reserved<'p, 'a> {
    /// The slot of a canonical name.
    pub(super) fn slot(&mut self, name: &str) -> Option<&mut Slot<'p, 'a>> {
        Some(match name {
            "clickid" => &mut self.clickid,
            "tracker.event" => &mut self.event,
            "tracker.cost" => &mut self.cost,
            "tracker.currency" => &mut self.currency,
            "tracker.payout" => &mut self.payout,
            "tracker.payout_currency" => &mut self.payout_currency,
            "tracker.tid" => &mut self.tid,
            "tracker.status" => &mut self.status,
            "tracker.time" => &mut self.time,
            _ => return None,
        })
    }

    /// Chooses between canonical names and aliases, after all parameters were put.
    pub(super) fn settle(&mut self, flags: &mut Flags) -> Result<(), Rejection> {
        for (name, slot) in [
            ("clickid", &mut self.clickid),
            ("tracker.event", &mut self.event),
            ("tracker.cost", &mut self.cost),
            ("tracker.currency", &mut self.currency),
            ("tracker.payout", &mut self.payout),
            ("tracker.payout_currency", &mut self.payout_currency),
            ("tracker.tid", &mut self.tid),
            ("tracker.status", &mut self.status),
            ("tracker.time", &mut self.time),
        ] {
            slot.settle(name, flags)?;
        }
        Ok(())
    }
}

/// What came under one reserved name.
#[derive(Default)]
pub(super) struct Slot<'p, 'a> {
    /// The parameter that counts: the canonical one, or after settling the alias's.
    pub(super) param: Option<&'p Param<'a>>,
    alias: Option<&'p Param<'a>>,
    /// A second alias with another value: it matters only where no canonical name came.
    other_alias: Option<&'p Param<'a>>,
}

impl<'p, 'a> Slot<'p, 'a> {
    /// A slot that one parameter fills.
    pub(super) fn of(param: &'p Param<'a>) -> Self {
        Slot {
            param: Some(param),
            ..Slot::default()
        }
    }

    /// Takes a parameter in. A canonical name that came twice with different values is refused.
    pub(super) fn put(
        &mut self,
        param: &'p Param<'a>,
        by_alias: bool,
        name: &str,
    ) -> Result<(), Rejection> {
        let place = if by_alias {
            &mut self.alias
        } else {
            &mut self.param
        };
        match place {
            None => *place = Some(param),
            Some(known) if says_the_same(known, param) => {}
            Some(_) if by_alias => self.other_alias = Some(param),
            Some(known) => return Err(conflict(name, known, param)),
        }
        Ok(())
    }

    fn settle(&mut self, name: &str, flags: &mut Flags) -> Result<(), Rejection> {
        match (self.param, self.alias, self.other_alias) {
            (_, None, _) => {}
            (Some(known), Some(alias), other) => flags.add_if(
                other.is_some() || !says_the_same(known, alias),
                Flag::AliasConflict,
            ),
            (None, Some(alias), Some(other)) => return Err(conflict(name, alias, other)),
            (None, alias, None) => self.param = alias,
        }
        Ok(())
    }
}

fn says_the_same(one: &Param<'_>, two: &Param<'_>) -> bool {
    one.value.trim() == two.value.trim()
}

fn conflict(name: &str, first: &Param<'_>, second: &Param<'_>) -> Rejection {
    let excerpt = |param: &Param<'_>| param.value.chars().take(60).collect();
    Rejection::ConflictingValues {
        name: name.to_owned(),
        first: excerpt(first),
        second: excerpt(second),
    }
}

/// A reserved value after the guard.
pub(super) enum Guarded<'t> {
    Absent,
    /// An unexpanded macro: never used.
    Macro,
    /// Trimmed and not empty.
    Value(&'t str),
}

/// Looks at the raw text for macros first, then at the encoding, then at blanks.
pub(super) fn guard<'t>(
    slot: &Slot<'t, '_>,
    name: &str,
    flags: &mut Flags,
) -> Result<Guarded<'t>, Rejection> {
    let Some(param) = slot.param else {
        return Ok(Guarded::Absent);
    };
    if macros::unexpanded(&param.raw, &param.value).is_some() {
        flags.add(Flag::MacroUnexpanded);
        return Ok(Guarded::Macro);
    }
    if param.broken {
        return Err(Rejection::BadEncoding {
            name: name.to_owned(),
        });
    }
    let value = param.value.trim();
    flags.add_if(value.len() != param.value.len(), Flag::StrayCharacters);
    Ok(if value.is_empty() {
        Guarded::Absent
    } else {
        Guarded::Value(value)
    })
}

/// Refuses a value of more than `limit` bytes.
pub(super) fn limited(value: &str, name: &str, limit: usize) -> Result<(), Rejection> {
    if value.len() > limit {
        return Err(Rejection::TooLong {
            name: name.to_owned(),
            length: value.len(),
            limit,
        });
    }
    Ok(())
}
