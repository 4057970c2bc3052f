//! Leads, their values, identities and clicks.

use async_trait::async_trait;
use clickback_core::currency::Currency;
use clickback_core::event::{Kind, Status};
use clickback_core::ids::{FieldId, LeadId, RequestId, UserId, WorkspaceId, clickid};
use clickback_core::moment::Moment;
use clickback_core::money::Amount;
use clickback_core::postback::{MAX_FIELD_CHARS, MAX_ID_BYTES, is_usable_id};
use clickback_core::rules::Ruleset;
use rand::RngExt as _;
use std::collections::BTreeMap;

use crate::store::events::Event;
use crate::store::integrations::CustomField;
use crate::store::leads::{
    FieldValue, Identity, IdentityKind, Lead, LeadFilter, LeadPatch, LeadStore, LeadTotals,
    NewClick, NewLead,
};
use crate::store::{Page, StoreError, StoreResult};

use super::apply::Work;
use super::ledger::{LeadKey, Ledger as _};
use super::session::{Optional as _, Row, Session, Sql, values};
use super::{SqlStore, events, set_up};

impl Work<'_> {
    pub(super) fn create_lead(&mut self, new: &NewLead) -> StoreResult<Lead> {
        let workspace = new.workspace.unwrap_or(WorkspaceId(1));
        let clickid = match &new.clickid {
            Some(given) => checked_clickid(given)?,
            None => clickid(self.now.millis(), rand::rng().random()),
        };
        if by_clickid(self.sql, workspace, &clickid)?.is_some() {
            return Err(StoreError::Conflict {
                message: format!("a lead with the clickid `{clickid}` exists already"),
            });
        }
        let clicked_at = self.click_time(workspace, &clickid)?;
        let name = new.name.as_deref().unwrap_or_default();
        let lead = self.insert_lead(workspace, &clickid, name, clicked_at, new.test)?;
        if let Some(buyer) = new.buyer {
            self.set_buyer(lead, Some(buyer))?;
        }
        self.set_values(workspace, lead, &new.fields)?;
        self.apply_waiting(workspace, &clickid)?;
        super::leads::lead(self.sql, lead)
    }

    pub(super) fn upsert_lead(&mut self, clickid: &str, new: &NewLead) -> StoreResult<Lead> {
        let workspace = new.workspace.unwrap_or(WorkspaceId(1));
        match by_clickid(self.sql, workspace, clickid)? {
            None => self.create_lead(&NewLead {
                clickid: Some(clickid.to_owned()),
                ..new.clone()
            }),
            Some(known) => {
                let patch = LeadPatch {
                    name: new.name.clone(),
                    fields: new.fields.clone(),
                    ..LeadPatch::default()
                };
                self.update_lead(known.id, &patch)
            }
        }
    }

    /// A lead that no other node decides on until the transaction ends.
    fn lead_to_change(&self, id: LeadId) -> StoreResult<Lead> {
        let found = lead(self.sql, id)?;
        if !self.sql.is_shared() {
            return Ok(found);
        }
        self.lock_leads(&[found.id])?;
        lead(self.sql, found.id)
    }

    pub(super) fn update_lead(&mut self, id: LeadId, patch: &LeadPatch) -> StoreResult<Lead> {
        let known = self.lead_to_change(id)?;
        let (id, workspace) = (known.id, known.workspace);
        self.patch_lead(&known, patch)?;
        self.set_values(workspace, id, &patch.fields)?;
        lead(self.sql, id)
    }

    pub(super) fn bind_identity(
        &mut self,
        id: LeadId,
        kind: IdentityKind,
        scope: i64,
        value: &str,
    ) -> StoreResult<Lead> {
        let known = self.lead_to_change(id)?;
        let (id, workspace) = (known.id, known.workspace);
        let value = match kind {
            IdentityKind::Clickid => checked_clickid(value)?,
            IdentityKind::Telegram | IdentityKind::Player => checked_value(value)?,
        };
        let owner = self.insert_identity(LeadKey::new(workspace, kind, scope, &value), id)?;
        if owner != id {
            return Err(StoreError::Conflict {
                message: format!(
                    "the {} `{value}` belongs to the lead {owner} already",
                    kind.code()
                ),
            });
        }
        if kind == IdentityKind::Clickid {
            self.apply_waiting(workspace, &value)?;
        }
        lead(self.sql, id)
    }

    pub(super) fn record_click(&mut self, new: &NewClick) -> StoreResult<()> {
        let clickid = checked_clickid(&new.clickid)?;
        let pairs = serde_json::to_string(&new.params)
            .map_err(|error| StoreError::Internal(error.to_string()))?;
        self.sql.execute(
            "INSERT INTO clicks (workspace_id, clickid, clicked_at, params) \
             VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
            values![new.workspace.0, clickid, self.now.0, pairs],
        )?;
        self.apply_waiting(new.workspace, &clickid)?;
        Ok(())
    }

    /// Values written by a person or the API: they are the newest.
    fn set_values(
        &mut self,
        workspace: WorkspaceId,
        lead: LeadId,
        values: &[(String, String)],
    ) -> StoreResult<()> {
        if values.is_empty() {
            return Ok(());
        }
        let known = set_up::fields(self.sql, workspace)?;
        for (key, value) in values {
            let field = known
                .iter()
                .find(|field| field.key == *key)
                .ok_or_else(|| StoreError::Invalid {
                    message: format!("there is no custom field `{key}`; make it first"),
                })?;
            self.set_value(lead, field, value)?;
        }
        Ok(())
    }

    fn set_value(&mut self, lead: LeadId, field: &CustomField, value: &str) -> StoreResult<()> {
        if value.chars().count() > MAX_FIELD_CHARS {
            return Err(StoreError::Invalid {
                message: format!(
                    "the value of `{}` is longer than {MAX_FIELD_CHARS} characters",
                    field.key
                ),
            });
        }
        let result = if value.trim().is_empty() {
            self.sql.execute(
                "DELETE FROM lead_values WHERE lead_id = ?1 AND field_id = ?2",
                values![lead.0, field.id.0],
            )
        } else {
            let fits = field.kind.fits(value, &field.options);
            self.sql.execute(
                "INSERT INTO lead_values (lead_id, field_id, value, fits, set_at, \
                 source) VALUES (?1, ?2, ?3, ?4, ?5, 0) ON CONFLICT (lead_id, \
                 field_id) DO UPDATE SET value = excluded.value, fits = \
                 excluded.fits, set_at = excluded.set_at, source = 0",
                values![lead.0, field.id.0, value, fits, self.now.0],
            )
        };
        result?;
        Ok(())
    }
}

/// A clickid that a lead may have: not empty, not "null", not a macro or a parameter's name.
fn checked_clickid(clickid: &str) -> StoreResult<String> {
    let value = checked_value(clickid)?;
    let is_macro = clickback_core::macros::unexpanded(&value, &value).is_some();
    let is_name = clickback_core::postback::is_parameter_name(&value, &Ruleset::default());
    if is_macro || is_name || !is_usable_id(&value) {
        return Err(StoreError::Invalid {
            message: format!("`{value}` is a macro or a parameter's name, not a clickid"),
        });
    }
    Ok(value)
}

fn checked_value(value: &str) -> StoreResult<String> {
    let value = value.trim();
    if value.is_empty() || value.len() > MAX_ID_BYTES || value.contains('\0') {
        return Err(StoreError::Invalid {
            message: format!("an id must be 1–{MAX_ID_BYTES} bytes without NUL"),
        });
    }
    Ok(value.to_owned())
}

pub(super) const LEAD_COLUMNS: &str = "leads.id, leads.workspace_id, leads.clickid, leads.name, leads.status, leads.test, \
     leads.clicked_at, leads.created_at, leads.buyer_id";

pub(super) fn read(row: &Row<'_>) -> Sql<Lead> {
    Ok(Lead {
        id: LeadId(row.get(0)?),
        workspace: WorkspaceId(row.get(1)?),
        clickid: row.get(2)?,
        name: row.get(3)?,
        status: super::crm::shown_status(row.get(4)?),
        buyer: row.get::<Option<i64>>(8)?.map(UserId),
        test: row.get(5)?,
        clicked_at: row.get::<Option<i64>>(6)?.map(Moment),
        created_at: Moment(row.get(7)?),
        tags: Vec::new(),
        values: Vec::new(),
        identities: Vec::new(),
        totals: LeadTotals::default(),
    })
}

pub(super) fn lead(sql: &dyn Session, id: LeadId) -> StoreResult<Lead> {
    let found = sql
        .one(
            &format!("SELECT {LEAD_COLUMNS} FROM leads WHERE id = ?1"),
            values![id.0],
            read,
        )
        .optional()?;
    match found {
        Some(found) => complete(sql, found),
        // It may have gone into another one.
        None => lead(sql, super::crm::merged_into(sql, id)?),
    }
}

pub(super) fn by_clickid(
    sql: &dyn Session,
    workspace: WorkspaceId,
    clickid: &str,
) -> StoreResult<Option<Lead>> {
    let found = sql.one(&format!(
            "SELECT {LEAD_COLUMNS} FROM lead_identities JOIN leads ON leads.id = lead_identities.lead_id \
             WHERE lead_identities.workspace_id = ?1 AND kind = 1 AND scope = 0 AND value = ?2"
        ), values![workspace.0, clickid.trim()], read).optional()?;
    found.map(|lead| complete(sql, lead)).transpose()
}

/// Adds values, identities and totals.
pub(super) fn complete(sql: &dyn Session, mut lead: Lead) -> StoreResult<Lead> {
    lead.values = sql.all(
        "SELECT field_id, custom_fields.key, value, fits, set_at, source FROM lead_values JOIN \
         custom_fields ON custom_fields.id = field_id WHERE lead_id = ?1 ORDER BY field_id",
        values![lead.id.0],
        |row| {
            let source: i64 = row.get(5)?;
            Ok(FieldValue {
                field: FieldId(row.get(0)?),
                key: row.get(1)?,
                value: row.get(2)?,
                fits: row.get(3)?,
                set_at: Moment(row.get(4)?),
                source: (source != 0).then_some(RequestId(source)),
            })
        },
    )?;
    lead.identities = sql.all(
        "SELECT kind, scope, value FROM lead_identities WHERE lead_id = ?1 ORDER BY kind, scope, \
         value",
        values![lead.id.0],
        |row| {
            let number = row.get(0)?;
            let kind = IdentityKind::from_number(number)
                .ok_or_else(|| super::rows::out_of_range(0, number))?;
            Ok(Identity {
                kind,
                scope: row.get(1)?,
                value: row.get(2)?,
            })
        },
    )?;
    lead.tags = super::crm::tags_of(sql, lead.id)?;
    lead.totals = totals(&events::of_lead(sql, lead.id)?);
    Ok(lead)
}

fn totals(events: &[Event]) -> LeadTotals {
    let mut totals = LeadTotals::default();
    let add = |sums: &mut BTreeMap<Currency, Amount>,
               amount: Option<Amount>,
               currency: Option<Currency>| {
        if let Some((amount, currency)) =
            amount.zip(currency.filter(|currency| currency.is_known()))
        {
            let sum = sums.entry(currency).or_default();
            *sum = sum.checked_add(amount).unwrap_or(*sum);
        }
    };
    for event in events
        .iter()
        .filter(|event| event.status == Status::Approved)
    {
        totals.events += 1;
        match event.kind {
            Kind::Registration => totals.registrations += 1,
            Kind::FirstDeposit | Kind::RepeatDeposit => {
                totals.deposits += 1;
                add(&mut totals.deposited, event.amount, event.currency);
            }
            Kind::Withdrawal | Kind::Chargeback => {
                add(&mut totals.withdrawn, event.amount, event.currency);
            }
            Kind::Commission | Kind::Custom | Kind::Other => {}
        }
        add(&mut totals.payouts, event.payout, event.payout_currency);
    }
    totals
}

#[async_trait]
impl LeadStore for SqlStore {
    async fn create_lead(&self, new: NewLead) -> StoreResult<Lead> {
        self.write(move |work| work.create_lead(&new)).await
    }

    async fn upsert_lead(&self, clickid: String, new: NewLead) -> StoreResult<Lead> {
        self.write(move |work| work.upsert_lead(&clickid, &new))
            .await
    }

    async fn update_lead(&self, id: LeadId, patch: LeadPatch) -> StoreResult<Lead> {
        self.write(move |work| work.update_lead(id, &patch)).await
    }

    async fn lead(&self, id: LeadId) -> StoreResult<Lead> {
        self.read(move |sql| lead(sql, id)).await
    }

    async fn lead_by_clickid(
        &self,
        workspace: WorkspaceId,
        clickid: &str,
    ) -> StoreResult<Option<Lead>> {
        let clickid = clickid.to_owned();
        self.read(move |sql| by_clickid(sql, workspace, &clickid))
            .await
    }

    async fn leads(&self, filter: LeadFilter) -> StoreResult<Page<Lead>> {
        self.read(move |sql| super::lead_list::list(sql, &filter))
            .await
    }

    async fn bind_identity(
        &self,
        id: LeadId,
        kind: IdentityKind,
        scope: i64,
        value: String,
    ) -> StoreResult<Lead> {
        self.write(move |work| work.bind_identity(id, kind, scope, &value))
            .await
    }

    async fn record_click(&self, new: NewClick) -> StoreResult<()> {
        self.write(move |work| work.record_click(&new)).await
    }
}
