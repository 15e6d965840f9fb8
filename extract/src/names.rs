//! Many short texts in one allocation.

/// A list of texts: one string and where each text ends. 4 bytes and the text itself per entry.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Names {
    text: String,
    ends: Vec<u32>,
}

impl Names {
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Appends a text; gives its position.
    ///
    /// # Panics
    /// If all texts together exceed 4 GiB.
    pub(crate) fn push(&mut self, name: &str) -> u32 {
        self.text.push_str(name);
        self.ends.push(u32::try_from(self.text.len()).expect("names fit in 4 GiB"));
        self.ends.len() as u32 - 1
    }

    pub(crate) fn get(&self, at: usize) -> &str {
        let start = if at == 0 { 0 } else { self.ends[at - 1] as usize };
        &self.text[start..self.ends[at] as usize]
    }

    /// The same texts in another order.
    pub(crate) fn reordered(&self, order: &[u32]) -> Names {
        let mut names = Names { text: String::with_capacity(self.text.len()), ends: Vec::new() };
        names.ends.reserve_exact(order.len());
        for at in order {
            names.push(self.get(*at as usize));
        }
        names
    }
}
