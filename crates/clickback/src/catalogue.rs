//! The catalogue of partners that is built into the program.

use clickback_core::partner::Partner;

#[derive(rust_embed::RustEmbed)]
#[folder = "../../partners"]
struct Files;

/// All partners, by slug.
#[derive(Debug, Clone, Default)]
pub struct Catalogue {
    partners: Vec<Partner>,
}

impl Catalogue {
    /// Reads the built-in files. A bad one is said in the log and left out; the others load.
    pub fn built_in() -> Catalogue {
        let mut partners = Vec::new();
        for name in Files::iter().filter(|name| name.ends_with(".toml")) {
            let Some(file) = Files::get(&name) else {
                continue;
            };
            match Partner::parse(&String::from_utf8_lossy(&file.data)) {
                Ok(partner) => partners.push(partner),
                Err(error) => tracing::error!(file = %name, %error, "a partner file was refused"),
            }
        }
        partners.sort_by(|one, two| one.slug.cmp(&two.slug));
        Catalogue { partners }
    }

    /// Every partner, by slug.
    pub fn all(&self) -> &[Partner] {
        &self.partners
    }

    /// One partner.
    pub fn get(&self, slug: &str) -> Option<&Partner> {
        self.partners.iter().find(|partner| partner.slug == slug)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_file_is_good() {
        for name in Files::iter().filter(|name| name.ends_with(".toml")) {
            let file = Files::get(&name).unwrap();
            let text = String::from_utf8(file.data.into_owned()).unwrap();
            let partner = Partner::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(format!("{}.toml", partner.slug), *name);
        }
    }
}
