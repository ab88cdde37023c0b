//! How long a search may go on.

/// A limit on what is looked at, and on time, of which the caller tells how much is left.
pub struct Budget<'a> {
    /// Moves and swaps that may be priced.
    most_steps: u64,
    /// The share of the time that is left; 0 or below ends the search.
    time_left: &'a mut dyn FnMut() -> f64,
    steps: u64,
    /// When the time is looked at next.
    next_look: u64,
    share_left: f64,
    /// What the present part of the search may spend: from this share left down to that one.
    from: f64,
    to: f64,
}

/// So many steps take some microseconds: often enough for any deadline.
const STEPS_A_LOOK: u64 = 2048;

impl<'a> Budget<'a> {
    /// A budget of both kinds. The closure is asked now and then which share of the time is left,
    /// from 1 down to 0, for the first time when the search begins; one that always says 1 leaves
    /// the limit to the steps, and the result is the same for the same seed then.
    pub fn new(most_steps: u64, time_left: &'a mut dyn FnMut() -> f64) -> Self {
        Self {
            most_steps,
            time_left,
            steps: 0,
            next_look: 0,
            share_left: 1.0,
            from: 1.0,
            to: 0.0,
        }
    }

    /// Notes so many moves and swaps as priced.
    #[inline]
    pub(super) fn spend(&mut self, steps: u64) {
        self.steps += steps;
    }

    /// How many were priced.
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }

    /// Whether the search may go on.
    #[inline]
    pub(super) fn goes_on(&mut self) -> bool {
        if self.steps >= self.next_look {
            self.next_look = self.steps + STEPS_A_LOOK;
            self.share_left = (self.time_left)();
        }
        self.of_all() > self.to
    }

    /// The share of the budget, or of this part, that is left, from 1 down to 0: of that kind which
    /// ends first.
    pub(super) fn left(&self) -> f64 {
        if self.from <= self.to {
            return 0.0;
        }
        ((self.of_all() - self.to) / (self.from - self.to)).clamp(0.0, 1.0)
    }

    fn of_all(&self) -> f64 {
        let of_steps = 1.0 - self.steps as f64 / self.most_steps.max(1) as f64;
        of_steps.min(self.share_left).clamp(0.0, 1.0)
    }

    /// Runs a part of the search, which may spend this share of what is left and sees no more.
    pub(super) fn part<T>(&mut self, share: f64, run: impl FnOnce(&mut Self) -> T) -> T {
        let outer = (self.from, self.to);
        self.from = self.of_all().max(self.to);
        self.to += (1.0 - share) * (self.from - self.to);
        let outcome = run(self);
        (self.from, self.to) = outer;
        outcome
    }
}

impl std::fmt::Debug for Budget<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Budget")
            .field("most_steps", &self.most_steps)
            .field("steps", &self.steps)
            .finish_non_exhaustive()
    }
}
