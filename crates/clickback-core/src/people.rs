//! Roles of people and what each may do: one table. Whose leads somebody sees is [`Role::sees`].

use serde::{Deserialize, Serialize};

/// What a person is in a workspace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Owner,
    Admin,
    TeamLead,
    Buyer,
    Viewer,
}

/// Something that not everybody may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Right {
    /// Own settings: language, password, sessions. Help pages.
    Account,
    /// Leads and registration links, as far as they are one's own.
    SeeLeads,
    /// What concerns the whole team: overview, inbox, integrations, fields.
    SeeTeam,
    /// Changes leads: fields, notes, statuses, events by hand.
    WorkLeads,
    /// Makes and removes registration links.
    MakeLinks,
    /// Changes integrations, custom fields and events.
    SetUp,
    /// Decides requests again, approves and voids events.
    Decide,
    /// Users and API tokens.
    ManagePeople,
}

/// Whose leads and links somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Everybody's.
    Team,
    /// Those of the buyers whom one leads, and one's own.
    OwnBuyers,
    /// One's own.
    Own,
}

impl Right {
    /// Every right.
    pub const ALL: [Right; 8] = [
        Right::Account,
        Right::SeeLeads,
        Right::SeeTeam,
        Right::WorkLeads,
        Right::MakeLinks,
        Right::SetUp,
        Right::Decide,
        Right::ManagePeople,
    ];
}

impl Role {
    /// Every role, from the most to the least powerful.
    pub const ALL: [Role; 5] = [
        Role::Owner,
        Role::Admin,
        Role::TeamLead,
        Role::Buyer,
        Role::Viewer,
    ];

    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Role::Owner => "owner",
            Role::Admin => "admin",
            Role::TeamLead => "team_lead",
            Role::Buyer => "buyer",
            Role::Viewer => "viewer",
        }
    }

    /// The role with this code.
    pub fn from_code(code: &str) -> Option<Role> {
        Self::ALL.into_iter().find(|role| role.code() == code)
    }

    /// Whether somebody with this role may do it.
    pub fn may(self, right: Right) -> bool {
        let rights: &[Right] = match self {
            Role::Owner | Role::Admin => return true,
            Role::TeamLead | Role::Buyer => &[
                Right::Account,
                Right::SeeLeads,
                Right::WorkLeads,
                Right::MakeLinks,
            ],
            Role::Viewer => &[Right::Account, Right::SeeLeads, Right::SeeTeam],
        };
        rights.contains(&right)
    }

    /// Whose leads and links somebody with this role sees.
    pub fn sees(self) -> Reach {
        match self {
            Role::Owner | Role::Admin | Role::Viewer => Reach::Team,
            Role::TeamLead => Reach::OwnBuyers,
            Role::Buyer => Reach::Own,
        }
    }

    /// Whether somebody with this role may give, change or take the other one: nobody makes somebody
    /// more powerful than himself, and only owners touch owners.
    pub fn may_manage(self, other: Role) -> bool {
        match self {
            Role::Owner => true,
            Role::Admin => other != Role::Owner,
            Role::TeamLead | Role::Buyer | Role::Viewer => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_rights() {
        // owner, admin, team lead, buyer, viewer
        let table = [
            (Right::Account, "+++++"),
            (Right::SeeLeads, "+++++"),
            (Right::SeeTeam, "++--+"),
            (Right::WorkLeads, "++++-"),
            (Right::MakeLinks, "++++-"),
            (Right::SetUp, "++---"),
            (Right::Decide, "++---"),
            (Right::ManagePeople, "++---"),
        ];
        assert_eq!(table.map(|(right, _)| right), Right::ALL);
        for (right, row) in table {
            for (role, mark) in Role::ALL.into_iter().zip(row.chars()) {
                assert_eq!(role.may(right), mark == '+', "{role:?} {right:?}");
            }
        }
    }

    #[test]
    fn nobody_touches_who_is_above() {
        let table = [
            (Role::Owner, "+++++"),
            (Role::Admin, "-++++"),
            (Role::TeamLead, "-----"),
            (Role::Buyer, "-----"),
            (Role::Viewer, "-----"),
        ];
        for (role, row) in table {
            for (other, mark) in Role::ALL.into_iter().zip(row.chars()) {
                assert_eq!(role.may_manage(other), mark == '+', "{role:?} {other:?}");
            }
        }
    }

    #[test]
    fn codes_come_back() {
        for role in Role::ALL {
            assert_eq!(Role::from_code(role.code()), Some(role));
        }
    }
}
