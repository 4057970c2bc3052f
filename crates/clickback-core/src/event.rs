//! What an event is: kinds, groups of sameness, statuses, names. Deciding is in `attribution`.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a recorded event is, after the decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Registration,
    FirstDeposit,
    RepeatDeposit,
    Withdrawal,
    Chargeback,
    Commission,
    /// A name the workspace defined.
    Custom,
    /// A name nobody defined: kept, outside totals.
    Other,
}

impl Kind {
    /// Every kind, in the order in which pages list them.
    pub const ALL: [Kind; 8] = [
        Kind::Registration,
        Kind::FirstDeposit,
        Kind::RepeatDeposit,
        Kind::Withdrawal,
        Kind::Chargeback,
        Kind::Commission,
        Kind::Custom,
        Kind::Other,
    ];

    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Kind::Registration => "registration",
            Kind::FirstDeposit => "first_deposit",
            Kind::RepeatDeposit => "repeat_deposit",
            Kind::Withdrawal => "withdrawal",
            Kind::Chargeback => "chargeback",
            Kind::Commission => "commission",
            Kind::Custom => "custom",
            Kind::Other => "other",
        }
    }

    /// The kind with this code.
    pub fn from_code(code: &str) -> Option<Kind> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The number that stores this kind.
    pub fn number(self) -> i64 {
        match self {
            Kind::Registration => 1,
            Kind::FirstDeposit => 2,
            Kind::RepeatDeposit => 3,
            Kind::Withdrawal => 4,
            Kind::Chargeback => 5,
            Kind::Commission => 6,
            Kind::Custom => 7,
            Kind::Other => 8,
        }
    }

    /// The kind stored as this number.
    pub fn from_number(number: i64) -> Option<Kind> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// First and repeat deposits share keys, slots and numbering.
    pub fn is_deposit(self) -> bool {
        matches!(self, Kind::FirstDeposit | Kind::RepeatDeposit)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// Where an event stands. Totals count `Approved`; `Pending` has its own column; `Held` waits for a
/// person; `Rejected` is out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    Approved,
    Pending,
    Rejected,
    Held,
}

impl Status {
    /// Every status.
    pub const ALL: [Status; 4] = [
        Status::Approved,
        Status::Pending,
        Status::Rejected,
        Status::Held,
    ];

    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Status::Approved => "approved",
            Status::Pending => "pending",
            Status::Rejected => "rejected",
            Status::Held => "held",
        }
    }

    /// The status with this code.
    pub fn from_code(code: &str) -> Option<Status> {
        Self::ALL.into_iter().find(|status| status.code() == code)
    }

    /// The number that stores this status.
    pub fn number(self) -> i64 {
        match self {
            Status::Approved => 1,
            Status::Pending => 2,
            Status::Rejected => 3,
            Status::Held => 4,
        }
    }

    /// The status stored as this number.
    pub fn from_number(number: i64) -> Option<Status> {
        Self::ALL
            .into_iter()
            .find(|status| status.number() == number)
    }

    /// Final statuses are never overridden by pending.
    pub fn is_final(self) -> bool {
        matches!(self, Status::Approved | Status::Rejected)
    }
}

/// What a postback says happened, before anything is known of the lead.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum EventName {
    Registration,
    /// `sale`: the first deposit, or with a new transaction id after it a repeat.
    Sale,
    /// `resale`: a repeat deposit.
    Resale,
    /// `deposit`: Clickback decides which.
    Deposit,
    Withdrawal,
    Chargeback,
    Commission,
    /// A name the workspace defined.
    Custom {
        name: String,
        counts_money: bool,
    },
    /// A name nobody defined.
    Other {
        name: String,
    },
}

impl EventName {
    /// The built-in name, if it is one; compared in lower case.
    pub fn built_in(name: &str) -> Option<EventName> {
        Some(match name {
            "registration" => EventName::Registration,
            "sale" => EventName::Sale,
            "resale" => EventName::Resale,
            "deposit" => EventName::Deposit,
            "withdrawal" => EventName::Withdrawal,
            "chargeback" => EventName::Chargeback,
            "commission" => EventName::Commission,
            _ => return None,
        })
    }

    /// The name as written in links and shown to people.
    pub fn as_str(&self) -> &str {
        match self {
            EventName::Registration => "registration",
            EventName::Sale => "sale",
            EventName::Resale => "resale",
            EventName::Deposit => "deposit",
            EventName::Withdrawal => "withdrawal",
            EventName::Chargeback => "chargeback",
            EventName::Commission => "commission",
            EventName::Custom { name, .. } | EventName::Other { name } => name,
        }
    }

    /// The group within which a transaction id names one event.
    pub fn group(&self) -> Group {
        match self {
            EventName::Registration => Group::Registration,
            EventName::Sale | EventName::Resale | EventName::Deposit => Group::Deposit,
            EventName::Withdrawal => Group::Withdrawal,
            EventName::Chargeback => Group::Chargeback,
            EventName::Commission => Group::Commission,
            EventName::Custom { name, .. } => Group::Custom(name.clone()),
            EventName::Other { name } => Group::Other(name.clone()),
        }
    }

    /// Money moves with it, so a missing sum is worth a flag.
    pub fn expects_amount(&self) -> bool {
        match self {
            EventName::Sale
            | EventName::Resale
            | EventName::Deposit
            | EventName::Withdrawal
            | EventName::Chargeback => true,
            EventName::Custom { counts_money, .. } => *counts_money,
            EventName::Registration | EventName::Commission | EventName::Other { .. } => false,
        }
    }

    /// A lead has at most one such event per integration when no transaction id tells them apart.
    pub fn exists_once(&self) -> bool {
        matches!(
            self,
            EventName::Registration
                | EventName::Sale
                | EventName::Custom {
                    counts_money: false,
                    ..
                }
        )
    }
}

/// The group of sameness: (integration, lead, group, transaction id) is one event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    Registration,
    /// `sale`, `resale` and `deposit` share it.
    Deposit,
    Withdrawal,
    Chargeback,
    Commission,
    Custom(String),
    Other(String),
}

impl Group {
    /// The short text that stores it.
    pub fn stored(&self) -> String {
        match self {
            Group::Registration => "reg".to_owned(),
            Group::Deposit => "dep".to_owned(),
            Group::Withdrawal => "wd".to_owned(),
            Group::Chargeback => "cb".to_owned(),
            Group::Commission => "com".to_owned(),
            Group::Custom(name) => format!("c:{name}"),
            Group::Other(name) => format!("o:{name}"),
        }
    }

    /// The group of a recorded event.
    pub fn of(kind: Kind, name: &str) -> Group {
        match kind {
            Kind::Registration => Group::Registration,
            Kind::FirstDeposit | Kind::RepeatDeposit => Group::Deposit,
            Kind::Withdrawal => Group::Withdrawal,
            Kind::Chargeback => Group::Chargeback,
            Kind::Commission => Group::Commission,
            Kind::Custom => Group::Custom(name.to_owned()),
            Kind::Other => Group::Other(name.to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_numbers_come_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_code(kind.code()), Some(kind));
            assert_eq!(Kind::from_number(kind.number()), Some(kind));
        }
        for status in Status::ALL {
            assert_eq!(Status::from_code(status.code()), Some(status));
            assert_eq!(Status::from_number(status.number()), Some(status));
        }
    }

    #[test]
    fn deposits_share_a_group() {
        for name in ["sale", "resale", "deposit"] {
            assert_eq!(
                EventName::built_in(name).map(|n| n.group()),
                Some(Group::Deposit)
            );
        }
        assert_eq!(EventName::built_in("first_deposit_"), None);
    }
}
