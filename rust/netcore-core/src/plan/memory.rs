//! What planning remembers from one plan to the next.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::class::{Class, Scratch};
use super::decide::Workspace;
use crate::context::Context;
use crate::profile::Profile;

/// The classes of each profile. Losing it costs time and changes no decision.
#[derive(Debug, Default)]
pub struct Memory {
    profiles: Vec<(Profile, Classes)>,
    workspace: Workspace,
}

/// More profiles than anybody runs; beyond it the one not used for longest is forgotten.
const MOST_PROFILES: usize = 8;

impl Memory {
    /// Takes out what is remembered of a profile.
    pub(super) fn take(&mut self, profile: &Profile) -> Classes {
        let found = self.profiles.iter().position(|(known, _)| known == profile);
        found.map_or_else(Classes::default, |at| self.profiles.remove(at).1)
    }

    /// Takes out the working memory.
    pub(super) fn take_workspace(&mut self) -> Workspace {
        std::mem::take(&mut self.workspace)
    }

    /// Puts both back.
    pub(super) fn put(&mut self, profile: &Profile, classes: Classes, workspace: Workspace) {
        self.workspace = workspace;
        if self.profiles.len() == MOST_PROFILES {
            self.profiles.remove(0);
        }
        self.profiles.push((profile.clone(), classes));
    }
}

/// The classes of one profile.
#[derive(Debug, Default)]
pub(super) struct Classes {
    /// By the address of the specification, which lives as long as its class does.
    by_spec: FxHashMap<usize, (u64, Class)>,
    clock: u64,
    scratch: Scratch,
}

/// What the classes of a profile may take together, in bytes.
const MOST_BYTES: usize = 128 << 20;
/// What a class takes for each node, about.
const BYTES_A_NODE: usize = 32;
/// So many classes are kept in the largest cluster too.
const FEWEST_CLASSES: usize = 8;

impl Classes {
    /// The class of the pod's specification, up to date.
    pub(super) fn of(&mut self, context: Context<'_>, profile: &Profile) -> &Class {
        self.clock += 1;
        let spec = &context.pod.spec;
        let address = Arc::as_ptr(spec) as usize;
        if !self.by_spec.contains_key(&address) {
            let bytes = BYTES_A_NODE * context.nodes().slots().max(1);
            if self.by_spec.len() >= (MOST_BYTES / bytes).max(FEWEST_CLASSES) {
                self.forget_oldest();
            }
        }
        let clock = self.clock;
        let (used, class) = self
            .by_spec
            .entry(address)
            .or_insert_with(|| (clock, Class::new(spec)));
        *used = clock;
        class.refresh(context, profile, &mut self.scratch);
        class
    }

    fn forget_oldest(&mut self) {
        let oldest = self.by_spec.iter().min_by_key(|(_, (used, _))| *used);
        if let Some(address) = oldest.map(|(address, _)| *address) {
            self.by_spec.remove(&address);
        }
    }
}
