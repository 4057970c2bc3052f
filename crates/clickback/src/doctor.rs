//! The doctor's findings as text for people: the command line and the API speak through it.

use std::fmt::Write as _;

use clickback_core::doctor::{Examination, Meaning, Part, Problem, Severity, examine};

use crate::web::i18n;

/// The stable name of a severity.
pub fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// The stable name of what a part means.
pub fn meaning(part: &Part) -> String {
    match &part.meaning {
        Meaning::Clickid => "clickid".to_owned(),
        Meaning::Event => "event".to_owned(),
        Meaning::Amount => "amount".to_owned(),
        Meaning::Currency => "currency".to_owned(),
        Meaning::Payout => "payout".to_owned(),
        Meaning::Tid => "tid".to_owned(),
        Meaning::Status => "status".to_owned(),
        Meaning::Time => "time".to_owned(),
        Meaning::Field(key) => format!("fields.{key}"),
        Meaning::Secret => "secret".to_owned(),
        Meaning::Unknown | Meaning::Other => "kept".to_owned(),
    }
}

/// What is wrong and what to do, in a language.
pub fn sentences(language: &str, problem: &Problem) -> (String, String) {
    let key = format!("doctor-{}", problem.code.code().replace('_', "-"));
    let subject = [("subject", problem.subject.as_str())];
    (
        i18n::text(language, &key, &subject),
        i18n::text(language, &format!("{key}-fix"), &subject),
    )
}

/// The whole report for a terminal.
pub fn report(text: &str) -> String {
    let found = examine(text, None);
    let mut out = String::new();
    // Writing into a String does not fail.
    let _ = write_report(&mut out, &found);
    out
}

fn write_report(out: &mut String, found: &Examination) -> std::fmt::Result {
    if !found.address.is_empty() {
        writeln!(out, "{}\n", found.address)?;
    }
    for part in &found.parts {
        writeln!(
            out,
            "  {:<24} {:<28} {}",
            part.name,
            part.raw,
            meaning(part)
        )?;
    }
    if !found.parts.is_empty() {
        writeln!(out)?;
    }
    if found.problems.is_empty() {
        writeln!(out, "Nothing is wrong with it.")?;
    }
    for problem in &found.problems {
        let (what, fix) = sentences("en", problem);
        writeln!(out, "{}: {what}\n  {fix}", severity(problem.severity))?;
    }
    if let Some(converted) = &found.converted {
        writeln!(out, "\nAs a postback URL of Clickback:\n{converted}")?;
    }
    Ok(())
}
