//! Python's `random.Random` with a seed, so that `| random(seed=inventory_hostname)` draws here what it draws there: people
//! use it to spread cron jobs, whose minute must not change from run to run.

use sha2::Digest as _;

const SIZE: usize = 624;
const SHIFT: usize = 397;

/// The Mersenne twister MT19937 as Python seeds and reads it.
pub(crate) struct PythonRandom {
    state: [u32; SIZE],
    index: usize,
}

impl PythonRandom {
    /// As `Random(text)`.
    pub(crate) fn seeded_by_text(text: &str) -> Self {
        let mut bytes = text.as_bytes().to_vec();
        bytes.extend(sha2::Sha512::digest(text.as_bytes()));
        // the bytes are one large number with the most significant first
        let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
        let words: Vec<u32> = bytes
            .get(first..)
            .unwrap_or(&[])
            .rchunks(4)
            .map(|chunk| chunk.iter().fold(0, |word, byte| word << 8 | u32::from(*byte)))
            .collect();
        Self::by_array(&words)
    }

    /// As `Random(number)`.
    pub(crate) fn seeded_by_number(number: i128) -> Self {
        let mut rest = number.unsigned_abs();
        let mut words = Vec::new();
        while rest > 0 {
            words.push(u32::try_from(rest & 0xffff_ffff).unwrap_or(0));
            rest >>= 32;
        }
        Self::by_array(&words)
    }

    fn by_array(key: &[u32]) -> Self {
        let key = if key.is_empty() { &[0][..] } else { key };
        let mut state = [0; SIZE];
        let mut last = 19_650_218_u32;
        for (index, slot) in state.iter_mut().enumerate() {
            if index > 0 {
                last =
                    1_812_433_253_u32.wrapping_mul(last ^ last >> 30).wrapping_add(u32::try_from(index).unwrap_or(0));
            }
            *slot = last;
        }
        let mut random = Self { state, index: SIZE };
        let mut i = 1;
        for step in 0..SIZE.max(key.len()) {
            let j = step % key.len();
            let add = key.get(j).copied().unwrap_or(0).wrapping_add(u32::try_from(j).unwrap_or(0));
            random.mix(i, 1_664_525, add);
            i = random.next_place(i);
        }
        for _ in 0..SIZE - 1 {
            random.mix(i, 1_566_083_941, 0_u32.wrapping_sub(u32::try_from(i).unwrap_or(0)));
            i = random.next_place(i);
        }
        random.put(0, 0x8000_0000);
        random
    }

    fn at(&self, index: usize) -> u32 {
        self.state.get(index % SIZE).copied().unwrap_or(0)
    }

    fn put(&mut self, index: usize, value: u32) {
        if let Some(slot) = self.state.get_mut(index) {
            *slot = value;
        }
    }

    fn mix(&mut self, i: usize, factor: u32, add: u32) {
        let before = self.at(i - 1);
        let mixed = (self.at(i) ^ (before ^ before >> 30).wrapping_mul(factor)).wrapping_add(add);
        self.put(i, mixed);
    }

    fn next_place(&mut self, i: usize) -> usize {
        if i + 1 < SIZE {
            return i + 1;
        }
        self.put(0, self.at(SIZE - 1));
        1
    }

    fn next(&mut self) -> u32 {
        if self.index >= SIZE {
            for k in 0..SIZE {
                let y = self.at(k) & 0x8000_0000 | self.at(k + 1) & 0x7fff_ffff;
                let odd = if y & 1 == 1 { 0x9908_b0df } else { 0 };
                self.put(k, self.at(k + SHIFT) ^ y >> 1 ^ odd);
            }
            self.index = 0;
        }
        let mut y = self.at(self.index);
        self.index += 1;
        y ^= y >> 11;
        y ^= y << 7 & 0x9d2c_5680;
        y ^= y << 15 & 0xefc6_0000;
        y ^ y >> 18
    }

    /// `getrandbits(count)`.
    fn bits(&mut self, count: u32) -> u128 {
        if count <= 32 {
            return u128::from(self.next() >> (32 - count.max(1)));
        }
        let mut out = 0;
        let mut filled = 0;
        while filled < count {
            let take = (count - filled).min(32);
            out |= u128::from(self.next() >> (32 - take)) << filled;
            filled += 32;
        }
        out
    }

    /// A number below the limit, which is not zero.
    pub(crate) fn below(&mut self, limit: u128) -> u128 {
        let count = 128 - limit.leading_zeros();
        loop {
            let drawn = self.bits(count);
            if drawn < limit {
                return drawn;
            }
        }
    }

    /// `shuffle`.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            let other = usize::try_from(self.below(index as u128 + 1)).unwrap_or(index);
            items.swap(index, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // from CPython 3.11
    #[test]
    fn draws_are_pythons() {
        let mut random = PythonRandom::seeded_by_text("a");
        assert_eq!([100, 100, 60].map(|limit| random.below(limit)), DRAWS);
        let mut items = [1, 2, 3];
        PythonRandom::seeded_by_text("a").shuffle(&mut items);
        assert_eq!(items, [3, 1, 2]);
        assert_eq!(PythonRandom::seeded_by_number(7).below(1000), 331);
        assert_eq!(PythonRandom::seeded_by_number(0).below(1 << 40), 849_735_321_549);
    }

    const DRAWS: [u128; 3] = [34, 64, 4];
}
