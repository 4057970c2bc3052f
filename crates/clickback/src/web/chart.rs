//! Charts as SVG made here: bars by day and small lines. Colours come from the style sheet; the numbers
//! stand beside the picture for those who cannot see it.

use std::collections::BTreeMap;

use askama::Template;
use askama::filters::HtmlSafe;
use clickback_core::currency::Currency;
use clickback_core::sum::Sum;

const SPARK_WIDTH: usize = 96;
const SPARK_HEIGHT: i64 = 24;
const WIDTH: i64 = 560;
const HEIGHT: i64 = 160;
const BASE: i64 = 136;

/// A small line: how a number went from day to day.
#[derive(Debug, Clone, Template)]
#[template(
    ext = "html",
    source = r#"<svg class="spark" viewBox="0 0 96 24" preserveAspectRatio="none" aria-hidden="true"><polyline points="{{ points }}"/></svg>"#
)]
pub(super) struct Spark {
    points: String,
}

impl HtmlSafe for Spark {}

impl Spark {
    /// The line of these values, the oldest first.
    pub(super) fn new(values: &[i64]) -> Spark {
        let most = values.iter().copied().max().unwrap_or(0).max(1);
        let last = values.len().saturating_sub(1).max(1);
        let points: Vec<String> = values
            .iter()
            .enumerate()
            .map(|(at, value)| {
                let y = SPARK_HEIGHT - 2 - value.max(&0) * (SPARK_HEIGHT - 4) / most;
                format!("{},{y}", at * SPARK_WIDTH / last)
            })
            .collect();
        Spark {
            points: points.join(" "),
        }
    }

    /// The line of the currency that moved on most days: sums of several have no common line.
    pub(super) fn of_sums(days: &[&BTreeMap<Currency, Sum>]) -> Spark {
        let mut seen: BTreeMap<Currency, usize> = BTreeMap::new();
        for currency in days.iter().flat_map(|day| day.keys()) {
            *seen.entry(*currency).or_default() += 1;
        }
        let main = seen
            .into_iter()
            .max_by_key(|(_, days)| *days)
            .map(|(currency, _)| currency);
        // For the eye whole units are enough, and a line needs no more than three digits of height.
        let whole = |sum: &Sum| {
            let text = sum.to_string();
            let digits = text.split('.').next().unwrap_or_default();
            digits.parse::<i64>().unwrap_or(i64::MAX / 1_000)
        };
        let values: Vec<i64> = days
            .iter()
            .map(|day| main.and_then(|main| day.get(&main)).map_or(0, whole))
            .map(|value| value.min(i64::MAX / 1_000))
            .collect();
        Spark::new(&values)
    }
}

struct Bar {
    class: usize,
    x: i64,
    y: i64,
    width: i64,
    height: i64,
}

struct Column {
    label: String,
    /// Where the label stands; every other one is left out where they are many.
    x: i64,
    labelled: bool,
    bars: Vec<Bar>,
    /// All its numbers in words.
    title: String,
}

/// Stacked bars, one column a day.
#[derive(Template)]
#[template(path = "parts/bars.html")]
pub(super) struct Bars {
    columns: Vec<Column>,
    series: Vec<(usize, String)>,
    rows: Vec<(String, Vec<i64>)>,
    most: i64,
    width: i64,
    height: i64,
    base: i64,
    column: i64,
}

impl HtmlSafe for Bars {}

impl Bars {
    /// Columns with these labels; each series has a name and a value a column.
    pub(super) fn new(labels: &[String], series: Vec<(String, Vec<i64>)>) -> Bars {
        let count = i64::try_from(labels.len()).unwrap_or(1).max(1);
        let column = WIDTH / count;
        let total = |at: usize| -> i64 {
            series
                .iter()
                .filter_map(|(_, values)| values.get(at))
                .map(|value| (*value).max(0))
                .sum()
        };
        let most = (0..labels.len()).map(total).max().unwrap_or(0);
        let scale = |value: i64| value.max(0) * (BASE - 12) / most.max(1);
        let columns = labels
            .iter()
            .zip(0_i64..)
            .enumerate()
            .map(|(at, (label, place))| {
                let x = place * column + column / 6;
                let mut y = BASE;
                let mut words = vec![label.clone()];
                let mut bars = Vec::new();
                for (class, (name, values)) in series.iter().enumerate() {
                    let value = values.get(at).copied().unwrap_or(0);
                    let height = scale(value);
                    y -= height;
                    words.push(format!("{name}: {value}"));
                    if height > 0 {
                        bars.push(Bar {
                            class,
                            x,
                            y,
                            width: column * 2 / 3,
                            height,
                        });
                    }
                }
                Column {
                    label: label.clone(),
                    x: place * column + column / 2,
                    labelled: (count - 1 - place) % 2 == 0,
                    bars,
                    title: words.join("\n"),
                }
            })
            .collect();
        let rows = labels
            .iter()
            .enumerate()
            .map(|(at, label)| {
                let values = series
                    .iter()
                    .map(|(_, values)| values.get(at).copied().unwrap_or(0));
                (label.clone(), values.collect())
            })
            .collect();
        Bars {
            columns,
            series: series
                .into_iter()
                .enumerate()
                .map(|(class, (name, _))| (class, name))
                .collect(),
            rows,
            most,
            width: WIDTH,
            height: HEIGHT,
            base: BASE,
            column,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stay_in_their_box() {
        for values in [vec![], vec![5], vec![0, 0, 0], vec![1, 7, 3], vec![-4, 2]] {
            let html = Spark::new(&values).to_string();
            for point in html
                .split('"')
                .nth(9)
                .unwrap_or_default()
                .split_whitespace()
            {
                let (x, y) = point.split_once(',').unwrap();
                assert!(
                    (0..=96).contains(&x.parse::<i64>().unwrap()),
                    "{values:?} {html}"
                );
                assert!(
                    (0..=24).contains(&y.parse::<i64>().unwrap()),
                    "{values:?} {html}"
                );
            }
        }
    }

    #[test]
    fn bars_say_their_numbers() {
        let labels = vec!["23 Nov".to_owned(), "<24>".to_owned()];
        let series = vec![("FD".to_owned(), vec![1, 3]), ("RD".to_owned(), vec![0, 5])];
        let html = Bars::new(&labels, series).to_string();
        assert!(
            html.contains("FD: 3") && html.contains("<td class=\"num\">5</td>"),
            "{html}"
        );
        assert!(!html.contains("<24>"), "{html}");
    }
}
