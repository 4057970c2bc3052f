//! JSON bodies into parameters: flat objects, literal texts kept; the repairs are in the parent module.

use std::borrow::Cow;
use std::fmt;

use serde::de;
use serde_json::value::RawValue;

use super::{Param, Params, ParamsError, Place, is_blank};

impl<'a> Params<'a> {
    /// Adds the members of a flat JSON object, in order, repeated keys kept.
    ///
    /// Numbers keep their literal text (`12.50`, `1e3`); true and false are their words, null is the
    /// empty text. The members of objects named `tracker`, `fields` and `details` are added as
    /// `tracker.KEY` and so on; any other nested value is kept as its JSON text, except as `clickid`,
    /// which nothing could be found by. An empty body adds nothing.
    pub fn add_json(&mut self, body: &'a [u8], limit: usize) -> Result<(), ParamsError> {
        if let Ok(text) = std::str::from_utf8(body) {
            return self.add_object(text, limit);
        }
        let text = String::from_utf8_lossy(body);
        let list = std::mem::take(&mut self.list);
        let mut params = Params {
            list,
            notes: self.notes,
        };
        let result = params.add_object(&text, limit);
        self.notes = params.notes;
        self.list = params.list.into_iter().map(into_owned).collect();
        result
    }

    fn add_object(&mut self, text: &'a str, limit: usize) -> Result<(), ParamsError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if text.trim_ascii().is_empty() {
            return Ok(());
        }
        for (name, value) in members(text)? {
            let nested = match name.trim_matches(is_blank) {
                group @ ("tracker" | "fields" | "details") if value.get().starts_with('{') => group,
                _ => {
                    self.add_member(name, value, limit)?;
                    continue;
                }
            };
            for (key, value) in members(value.get())? {
                let key = key.trim_matches(is_blank);
                self.add_member(Cow::Owned(format!("{nested}.{key}")), value, limit)?;
            }
        }
        Ok(())
    }

    fn add_member(
        &mut self,
        name: Cow<'a, str>,
        value: &'a RawValue,
        limit: usize,
    ) -> Result<(), ParamsError> {
        let literal = value.get();
        let (raw, value, broken) = match literal.as_bytes() {
            [b'"', ..] => {
                let raw = literal.get(1..literal.len() - 1).unwrap_or_default();
                let (value, broken) = unescape(literal, raw);
                (raw, value, broken)
            }
            b"null" => (literal, Cow::Borrowed(""), false),
            _ => (literal, Cow::Borrowed(literal), false),
        };
        let (name, broken_name) = without_nul(name);
        if literal.starts_with(['{', '[']) && name.trim_matches(is_blank) == "clickid" {
            return Err(ParamsError::NestedJson {
                name: name.trim_matches(is_blank).to_owned(),
            });
        }
        let param = Param {
            name,
            raw: Cow::Borrowed(raw),
            value,
            broken: broken || broken_name,
            place: Place::Json,
        };
        self.add(param, false, limit)
    }
}

fn into_owned<'o>(param: Param<'_>) -> Param<'o> {
    let lost = param.place == Place::Json
        && (param.raw.contains('\u{fffd}') || param.name.contains('\u{fffd}'));
    Param {
        name: Cow::Owned(param.name.into_owned()),
        raw: Cow::Owned(param.raw.into_owned()),
        value: Cow::Owned(param.value.into_owned()),
        broken: param.broken || lost,
        place: param.place,
    }
}

/// The members of a JSON object in order, values unread.
fn members(text: &str) -> Result<Vec<(Cow<'_, str>, &RawValue)>, ParamsError> {
    let bad = |error: serde_json::Error| ParamsError::BadJson {
        message: error.to_string(),
    };
    if !text.trim_ascii_start().starts_with('{') {
        serde_json::from_str::<&RawValue>(text).map_err(bad)?;
        return Err(ParamsError::NotAnObject);
    }
    serde_json::from_str::<Members<'_>>(text)
        .map(|members| members.0)
        .map_err(bad)
}

struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de> de::Deserialize<'de> for Members<'de> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Members<'de>, A::Error> {
                let mut members = Vec::new();
                while let Some(Text(name)) = map.next_key()? {
                    members.push((name, map.next_value()?));
                }
                Ok(Members(members))
            }
        }

        deserializer.deserialize_map(Visitor)
    }
}

/// A JSON string, borrowed if it has no escapes.
struct Text<'a>(Cow<'a, str>);

impl<'de> de::Deserialize<'de> for Text<'de> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text)))
            }
        }

        deserializer.deserialize_str(Visitor)
    }
}

/// The text of a JSON string literal; true if it holds half a surrogate pair (kept as it is written) or
/// a NUL.
fn unescape<'a>(literal: &'a str, raw: &'a str) -> (Cow<'a, str>, bool) {
    if !raw.contains('\\') {
        return (Cow::Borrowed(raw), false);
    }
    match serde_json::from_str::<Text<'a>>(literal) {
        Ok(Text(text)) => without_nul(text),
        Err(_) => (Cow::Borrowed(raw), true),
    }
}

fn without_nul(text: Cow<'_, str>) -> (Cow<'_, str>, bool) {
    if text.contains('\0') {
        (Cow::Owned(text.replace('\0', "\u{fffd}")), true)
    } else {
        (text, false)
    }
}

#[cfg(test)]
mod tests;
