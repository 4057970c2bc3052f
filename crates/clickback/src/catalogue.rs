//! The catalogue of partners: the files built into the program, and the operator's own beside the
//! database, which add partners or take the place of built-in ones without a rebuild.

use std::collections::BTreeMap;
use std::path::Path;

use clickback_core::partner::{Partner, PartnerError};
use serde::Serialize;
use utoipa::ToSchema;

#[derive(rust_embed::RustEmbed)]
#[folder = "../../partners"]
struct Files;

/// Below the data directory.
const OPERATORS_FOLDER: &str = "partners";
/// Bytes of an operator's file; the longest built-in one has a tenth of it.
const MAX_FILE: u64 = 256 * 1_024;

/// A file that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Refused {
    pub file: String,
    /// Counted from 1, where one can be named.
    pub line: Option<usize>,
    pub reason: String,
}

/// All partners, by slug.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    partners: Vec<Partner>,
    refused: Vec<Refused>,
}

impl Catalogue {
    /// Reads the built-in files.
    pub fn built_in() -> Catalogue {
        let mut draft = Draft::default();
        for name in Files::iter().filter(|name| name.ends_with(".toml")) {
            if let Some(file) = Files::get(&name) {
                draft.take(&name, &String::from_utf8_lossy(&file.data));
            }
        }
        draft.finish()
    }

    /// Reads the built-in files, then `partners/*.toml` in the data directory over them. A bad file is
    /// named in the log, on the pages and in the API, and left out; the others load.
    pub fn load(data_dir: &Path) -> Catalogue {
        let mut draft = Draft::default();
        for partner in Catalogue::built_in().partners {
            draft.partners.insert(partner.slug.clone(), partner);
        }
        draft.take_folder(&data_dir.join(OPERATORS_FOLDER));
        draft.finish()
    }

    /// Every partner, by slug.
    pub fn all(&self) -> &[Partner] {
        &self.partners
    }

    /// One partner.
    pub fn get(&self, slug: &str) -> Option<&Partner> {
        self.partners.iter().find(|partner| partner.slug == slug)
    }

    /// The files that were left out.
    pub fn refused(&self) -> &[Refused] {
        &self.refused
    }
}

/// A catalogue in the making.
#[derive(Default)]
struct Draft {
    partners: BTreeMap<String, Partner>,
    refused: Vec<Refused>,
}

impl Draft {
    fn take_folder(&mut self, folder: &Path) {
        let entries = match std::fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
            Err(error) => return self.refuse(OPERATORS_FOLDER, None, error.to_string()),
        };
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            let name = path
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            if path.extension().is_none_or(|end| end != "toml") {
                continue;
            }
            match read(&path) {
                Ok(text) => self.take(&name, &text),
                Err(reason) => self.refuse(&name, None, reason),
            }
        }
    }

    fn take(&mut self, name: &str, text: &str) {
        match Partner::parse(text) {
            Ok(partner) if format!("{}.toml", partner.slug) == name => {
                self.partners.insert(partner.slug.clone(), partner);
            }
            Ok(partner) => {
                let reason = format!("a file with this slug must be called {}.toml", partner.slug);
                self.refuse(name, None, reason);
            }
            Err(PartnerError { line, reason }) => self.refuse(name, line, reason),
        }
    }

    fn refuse(&mut self, file: &str, line: Option<usize>, reason: String) {
        tracing::error!(file, line, reason, "a partner file was refused");
        self.refused.push(Refused {
            file: file.to_owned(),
            line,
            reason,
        });
    }

    fn finish(self) -> Catalogue {
        Catalogue {
            partners: self.partners.into_values().collect(),
            refused: self.refused,
        }
    }
}

fn read(path: &Path) -> Result<String, String> {
    let length = std::fs::metadata(path)
        .map_err(|error| error.to_string())?
        .len();
    if length > MAX_FILE {
        return Err(format!("the file is longer than {MAX_FILE} bytes"));
    }
    std::fs::read_to_string(path).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_file_is_good() {
        let catalogue = Catalogue::built_in();
        assert_eq!(catalogue.refused(), []);
        let files = Files::iter().filter(|name| name.ends_with(".toml")).count();
        assert_eq!(catalogue.all().len(), files);
        for partner in catalogue.all() {
            if let Some(platform) = &partner.runs_on {
                assert!(catalogue.get(platform).is_some(), "{}", partner.slug);
            }
        }
    }

    #[test]
    fn operators_add_and_replace_and_bad_files_are_named() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Catalogue::load(folder.path()).refused(), []);
        let own = folder.path().join("partners");
        std::fs::create_dir(&own).unwrap();
        let soon = |slug: &str, name: &str| {
            format!(
                "slug = \"{slug}\"\nname = \"{name}\"\ncategory = \"igaming\"\nreadiness = \"soon\"\n\
                 confidence = \"inferred\"\nmissing = [\"click_macro\"]\n\
                 [[sources]]\nkey = \"own\"\ntext = \"our manager\"\n"
            )
        };
        let write = |name: &str, text: &str| std::fs::write(own.join(name), text).unwrap();
        write("house.toml", &soon("house", "House casino"));
        write("1win.toml", &soon("1win", "1win by hand"));
        write("other.toml", &soon("another", "Wrong file name"));
        write("broken.toml", "slug = \"broken\"\nname = ");
        write(
            "typo.toml",
            &soon("typo", "Typo").replace("missing", "misssing"),
        );
        write("notes.txt", "not a partner");
        let catalogue = Catalogue::load(folder.path());
        assert_eq!(catalogue.get("house").unwrap().name, "House casino");
        assert_eq!(catalogue.get("1win").unwrap().name, "1win by hand");
        assert_eq!(catalogue.all().len(), Catalogue::built_in().all().len() + 1);
        let refused: Vec<(&str, Option<usize>)> = catalogue
            .refused()
            .iter()
            .map(|refused| (refused.file.as_str(), refused.line))
            .collect();
        assert_eq!(
            refused,
            [
                ("broken.toml", Some(2)),
                ("other.toml", None),
                ("typo.toml", Some(6))
            ]
        );
        assert!(catalogue.refused()[2].reason.contains("misssing"));
    }
}
