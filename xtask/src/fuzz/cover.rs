//! Which inputs are worth keeping: few ones that reach much.
//!
//! The fuzzer's merge says what each input reaches, in its control file: how many inputs there are, how
//! many of them are in the first folder, their paths, and then for each its size and the numbers of the
//! edges of the program that it takes.

use std::collections::BTreeSet;

use anyhow::Context;

/// An input and what it reaches.
struct Input<'c> {
    path: &'c str,
    size: usize,
    edges: BTreeSet<u32>,
}

/// Most inputs that are kept of one target, and most bytes of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) inputs: usize,
    pub(super) bytes: usize,
}

/// Chooses inputs that reach what those of the first folder do not: each time the one that adds most,
/// and of two the smaller one.
pub(super) fn choose(control: &str, limits: Limits) -> anyhow::Result<Vec<&str>> {
    let (given, mut rest) = read(control)?;
    let mut reached: BTreeSet<u32> = given.into_iter().flat_map(|input| input.edges).collect();
    rest.retain(|input| input.size <= limits.bytes);
    let mut chosen = vec![];
    while chosen.len() < limits.inputs {
        let gain = |input: &Input<'_>| input.edges.difference(&reached).count();
        let best = rest
            .iter()
            .max_by_key(|input| (gain(input), usize::MAX - input.size));
        let Some(best) = best.filter(|best| gain(best) > 0) else {
            break;
        };
        chosen.push(best.path);
        reached.extend(&best.edges);
    }
    chosen.sort_unstable();
    Ok(chosen)
}

/// The inputs of the first folder, and the others.
fn read(control: &str) -> anyhow::Result<(Vec<Input<'_>>, Vec<Input<'_>>)> {
    let mut lines = control.lines();
    let mut number = || -> anyhow::Result<usize> {
        let line = lines
            .next()
            .context("the control file of the merge is cut off")?;
        line.parse()
            .with_context(|| format!("the control file of the merge has `{line}` for a number"))
    };
    let (all, first) = (number()?, number()?);
    let input = |path| Input {
        path,
        size: 0,
        edges: BTreeSet::new(),
    };
    let mut inputs: Vec<Input<'_>> = lines.by_ref().take(all).map(input).collect();
    for line in lines {
        let mut words = line.split(' ');
        let kind = words.next().unwrap_or_default();
        let mut numbers = words.filter_map(|word| word.parse().ok());
        let at: Option<u32> = numbers.next();
        let input = at.and_then(|at| inputs.get_mut(usize::try_from(at).ok()?));
        match (kind, input) {
            ("STARTED", Some(input)) => {
                let size = numbers.next().and_then(|size| usize::try_from(size).ok());
                input.size = size.context("an input without a size")?;
            }
            ("COV", Some(input)) => input.edges.extend(numbers),
            _other => {}
        }
    }
    let others = inputs.split_off(first.min(inputs.len()));
    Ok((inputs, others))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTROL: &str = "5\n1\nseeds/a\nfound/big\nfound/small\nfound/more\nfound/huge\n\
        STARTED 0 3\nFT 0 9 9\nCOV 0 1 2\n\
        STARTED 1 9\nFT 1\nCOV 1 2 3\n\
        STARTED 2 4\nFT 2\nCOV 2 1 3\n\
        STARTED 3 5\nFT 3\nCOV 3 4 5 6\n\
        STARTED 4 99\nFT 4\nCOV 4 3 4 5 6 7 8 9\n";

    fn chosen(inputs: usize, bytes: usize) -> Vec<&'static str> {
        choose(CONTROL, Limits { inputs, bytes }).unwrap()
    }

    #[test]
    fn what_adds_most_comes_first_and_of_two_the_smaller_one() {
        assert_eq!(chosen(1, 10), ["found/more"]);
        assert_eq!(chosen(9, 10), ["found/more", "found/small"]);
    }

    #[test]
    fn one_that_is_too_large_is_left_and_one_that_adds_nothing_too() {
        assert_eq!(chosen(9, 99), ["found/huge"]);
        assert_eq!(chosen(0, 99), [""; 0]);
    }

    #[test]
    fn a_control_file_that_is_none_is_told() {
        let limits = Limits {
            inputs: 1,
            bytes: 1,
        };
        assert!(choose("", limits).is_err());
        assert!(choose("5\nmany\n", limits).is_err());
    }
}
