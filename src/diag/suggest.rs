//! "Did you mean": near matches of a misspelt name.

/// The candidate that looks most like `name`, if any looks enough like it.
#[must_use]
pub fn closest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (name.chars().count() / 3).clamp(1, 3);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= limit && *candidate != name)
        // of equally near ones the one that shares more letters in their order: `taks` is `tasks` rather than `tags`
        .min_by(|(a_distance, a), (b_distance, b)| {
            let alike = |candidate| strsim::jaro_winkler(name, candidate);
            a_distance.cmp(b_distance).then_with(|| alike(b).total_cmp(&alike(a))).then_with(|| a.cmp(b))
        })
        .map(|(_, candidate)| candidate)
}

/// A help sentence that offers the nearest candidate.
#[must_use]
pub fn did_you_mean<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    closest(name, candidates).map(|candidate| format!("did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_offered_and_far_ones_are_not() {
        assert_eq!(closest("tempalte", ["copy", "template", "file"]), Some("template"));
        assert_eq!(closest("taks", ["tags", "tasks"]), Some("tasks"));
        assert_eq!(closest("xyz", ["copy", "template", "file"]), None);
    }
}
