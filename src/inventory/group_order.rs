//! Ways through the groups: down to all below, up to all above, and how deep each one lies.

use std::collections::VecDeque;

use super::model::{Group, Inventory};

/// A group and all below it, level by level, each once.
pub(super) fn descend(inventory: &Inventory, start: usize) -> Vec<usize> {
    walk(inventory, std::iter::once(start), |group| &group.children)
}

/// Groups and all above them, each once.
pub(super) fn ascend(inventory: &Inventory, start: impl Iterator<Item = usize>) -> Vec<usize> {
    walk(inventory, start, |group| &group.parents)
}

fn walk(inventory: &Inventory, start: impl Iterator<Item = usize>, next: fn(&Group) -> &Vec<usize>) -> Vec<usize> {
    let mut seen = vec![false; inventory.groups.len()];
    let mut out = Vec::new();
    let mut queue: VecDeque<usize> = start.collect();
    while let Some(index) = queue.pop_front() {
        let Some(seen) = seen.get_mut(index) else { continue };
        if std::mem::replace(seen, true) {
            continue;
        }
        out.push(index);
        queue.extend(inventory.group_at(index).map(next).into_iter().flatten());
    }
    out
}

/// Sets the depth of every group: the longest way from a group without parents.
pub(super) fn set_depths(inventory: &mut Inventory) {
    let mut waiting: Vec<usize> = inventory.groups.values().map(|group| group.parents.len()).collect();
    let mut depths = vec![0_usize; waiting.len()];
    let mut ready: Vec<usize> = (0..waiting.len()).filter(|index| waiting.get(*index) == Some(&0)).collect();
    while let Some(index) = ready.pop() {
        let below = depths.get(index).copied().unwrap_or_default() + 1;
        for child in inventory.group_at(index).map(|group| group.children.as_slice()).unwrap_or_default() {
            if let Some(depth) = depths.get_mut(*child) {
                *depth = below.max(*depth);
            }
            if let Some(parents) = waiting.get_mut(*child) {
                *parents -= 1;
                if *parents == 0 {
                    ready.push(*child);
                }
            }
        }
    }
    for (group, depth) in inventory.groups.values_mut().zip(depths) {
        group.depth = depth;
    }
}
