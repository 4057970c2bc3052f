//! `fields.KEY`: which value of a key counts, cut to its limit and compared with the field's kind.

use std::borrow::Cow;

use crate::field::FieldKind;
use crate::flag::{Flag, Flags};
use crate::macros;
use crate::params::Param;
use crate::rules::Ruleset;

use super::{FieldWrite, MAX_FIELD_CHARS, MAX_FIELDS, Rejection};

/// The custom fields of one request.
pub(super) struct Fields<'r> {
    rules: &'r Ruleset,
    pub(super) list: Vec<FieldWrite>,
    /// For each of the list: whether an alias brought it.
    by_alias: Vec<bool>,
}

impl<'r> Fields<'r> {
    pub(super) fn new(rules: &'r Ruleset) -> Self {
        Self {
            rules,
            list: Vec::new(),
            by_alias: Vec::new(),
        }
    }

    /// The last value of a key wins, but never an alias over the canonical name; a macro or an
    /// empty value writes nothing.
    pub(super) fn put(
        &mut self,
        key: &str,
        param: &Param<'_>,
        by_alias: bool,
        flags: &mut Flags,
    ) -> Result<(), Rejection> {
        if macros::unexpanded(&param.raw, &param.value).is_some() {
            flags.add(Flag::MacroUnexpanded);
            return Ok(());
        }
        if param.value.trim().is_empty() {
            return Ok(());
        }
        flags.add_if(param.broken, Flag::FieldInvalid);
        let key = if key.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(key.to_ascii_lowercase())
        } else {
            Cow::Borrowed(key)
        };
        let value = cut(&param.value, flags);
        let spec = self.rules.fields.get(key.as_ref());
        flags.add_if(spec.is_none(), Flag::FieldUnknown);
        let fits = match spec {
            Some(spec) if spec.kind != FieldKind::Text => spec.kind.fits(&value, &spec.options),
            _ => true,
        };
        flags.add_if(!fits, Flag::FieldInvalid);
        let write = FieldWrite {
            field: spec.map(|spec| spec.id),
            key: key.into_owned(),
            value: value.into_owned(),
            fits,
        };
        let Some(place) = self.list.iter().position(|known| known.key == write.key) else {
            if self.list.len() == MAX_FIELDS {
                return Err(Rejection::TooManyParameters { limit: MAX_FIELDS });
            }
            self.list.push(write);
            self.by_alias.push(by_alias);
            return Ok(());
        };
        let known_by_alias = self.by_alias[place];
        if known_by_alias != by_alias {
            let differs = self.list[place].value.trim() != write.value.trim();
            flags.add_if(differs, Flag::AliasConflict);
        }
        if known_by_alias || !by_alias {
            self.list[place] = write;
            self.by_alias[place] = by_alias;
        }
        Ok(())
    }
}

/// NUL has no place in a database's text; it becomes U+FFFD like any other broken byte.
fn cut<'v>(value: &'v str, flags: &mut Flags) -> Cow<'v, str> {
    let value: Cow<'v, str> = if value.contains('\0') {
        value.replace('\0', "\u{FFFD}").into()
    } else {
        value.into()
    };
    if value.len() <= MAX_FIELD_CHARS {
        return value;
    }
    match value.char_indices().nth(MAX_FIELD_CHARS) {
        None => value,
        Some((end, _)) => {
            flags.add(Flag::FieldTruncated);
            Cow::Owned(value[..end].to_owned())
        }
    }
}
