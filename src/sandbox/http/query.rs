//! Query parameters, read as Quay reads them.

use url::form_urlencoded;

use super::reply::Failure;

/// The parameters of a query or a form, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads `a=1&b=2`.
    pub fn parse(text: &str) -> Self {
        Self(form_urlencoded::parse(text.as_bytes()).into_owned().collect())
    }

    /// The first value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// A truth value; everything but `true`, `yes`, `1`, `on`, `t`, `y` and nothing is false.
    pub fn flag(&self, name: &str, default: bool) -> bool {
        self.get(name).map_or(default, |text| {
            matches!(text.to_ascii_lowercase().as_str(), "" | "true" | "yes" | "1" | "on" | "t" | "y")
        })
    }

    /// A number. `help` is what Quay answers where it is none.
    pub fn number(&self, name: &str, help: &str) -> Result<Option<i64>, Failure> {
        let Some(text) = self.get(name) else { return Ok(None) };
        text.trim().parse().map(Some).map_err(|_| {
            Failure::Other(super::reply::Reply::json(400, serde_json::json!({ "message": { name: help } })))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_and_typed() {
        let query = Query::parse("scope=repo%3Aread+repo%3Awrite&limit=10&public=true&x=no");
        assert_eq!(query.get("scope"), Some("repo:read repo:write"));
        assert_eq!(query.number("limit", "").unwrap(), Some(10));
        assert!(query.flag("public", false) && !query.flag("x", true) && query.flag("y", true));
        assert!(Query::parse("limit=abc").number("limit", "Max 100.").is_err());
    }
}
