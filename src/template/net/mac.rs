//! The address of a network card.

/// 48 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mac(pub(crate) u64);

impl Mac {
    /// Reads `00:1b:77:49:54:fd`, `1-2-3-4-5-6`, `001b.7749.54fd`, `001b77:4954fd`, `001b774954fd`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let parts = |separator: char| -> Vec<&str> { text.split(separator).collect() };
        let (words, separator) = match text.chars().find(|c| matches!(c, ':' | '-' | '.')) {
            Some(separator) => (parts(separator), Some(separator)),
            None => (vec![text], None),
        };
        let widths = match (words.len(), separator) {
            (6, Some(':' | '-')) => 1..=2,
            (3, Some(_)) => 1..=4,
            (2, Some(':' | '-')) => 5..=6,
            (1, None) => 11..=12,
            _ => return None,
        };
        let bits = 48 / u32::try_from(words.len()).ok()?;
        words
            .iter()
            .try_fold(0_u64, |value, word| {
                let hex = widths.contains(&word.len()) && word.chars().all(|c| c.is_ascii_hexdigit());
                let word = hex.then(|| u64::from_str_radix(word, 16).ok()).flatten()?;
                // 48 bits at once would shift everything out of nothing
                Some(if bits == 48 { word } else { value << bits | word })
            })
            .map(Self)
    }

    /// Its bytes.
    pub(crate) fn bytes(self) -> [u8; 6] {
        let [_, _, a, b, c, d, e, f] = self.0.to_be_bytes();
        [a, b, c, d, e, f]
    }

    /// The lower half of the address that a host gives itself.
    pub(crate) fn interface_id(self) -> u64 {
        let [a, b, c, d, e, f] = self.bytes();
        u64::from_be_bytes([a ^ 2, b, c, 0xff, 0xfe, d, e, f])
    }

    /// Groups of hexadecimal digits.
    pub(crate) fn groups(self, digits: usize, separator: &str) -> String {
        let whole = format!("{:012x}", self.0);
        let groups: Vec<&str> = (0..12 / digits).filter_map(|i| whole.get(i * digits..(i + 1) * digits)).collect();
        groups.join(separator)
    }
}
