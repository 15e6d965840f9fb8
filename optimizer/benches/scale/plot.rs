//! A scatter of times by sizes on two logarithmic axes, with a line, as SVG of a fixed layout.

use std::fmt::Write;

/// Width and height of the picture, and the space left around the axes, in pixels.
const SIZE: (f64, f64) = (640.0, 420.0);
const MARGIN: f64 = 56.0;

/// What is drawn.
pub(crate) struct Plot<'a> {
    /// Text above the picture.
    pub(crate) title: &'a str,
    /// Texts at the axes.
    pub(crate) axes: (&'a str, &'a str),
    /// The points.
    pub(crate) points: &'a [(f64, f64)],
    /// The line `y = factor * x^power`.
    pub(crate) line: (f64, f64),
    /// A height that must not be exceeded at some width, with its text.
    pub(crate) bound: ((f64, f64), &'a str),
}

/// The powers of ten around some numbers.
fn decades(values: impl Iterator<Item = f64> + Clone) -> (i32, i32) {
    let least = values.clone().fold(f64::INFINITY, f64::min).log10().floor();
    let most = values.fold(0.0, f64::max).log10().ceil();
    (least as i32, most as i32)
}

impl Plot<'_> {
    /// The picture.
    pub(crate) fn svg(&self) -> String {
        let (bound, note) = self.bound;
        let all = || self.points.iter().copied().chain([bound]);
        let (x, y) = (decades(all().map(|p| p.0)), decades(all().map(|p| p.1)));
        let along = |value: f64, (least, most): (i32, i32)| {
            (value.log10() - f64::from(least)) / f64::from(most - least).max(1.0)
        };
        let (width, height) = (SIZE.0 - 2.0 * MARGIN, SIZE.1 - 2.0 * MARGIN);
        let at_x = |value: f64| MARGIN + width * along(value, x);
        let at_y = |value: f64| SIZE.1 - MARGIN - height * along(value, y);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {} {}\" \
             font-family=\"sans-serif\" font-size=\"12\">\n\
             <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
            SIZE.0, SIZE.1
        );
        let mut text = |x: f64, y: f64, anchor: &str, text: &str| {
            writeln!(svg, "<text x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{text}</text>")
                .expect("strings grow");
        };
        text(SIZE.0 / 2.0, 24.0, "middle", self.title);
        text(SIZE.0 / 2.0, SIZE.1 - 12.0, "middle", self.axes.0);
        text(MARGIN, MARGIN - 10.0, "middle", self.axes.1);
        text(at_x(bound.0) - 8.0, at_y(bound.1) - 6.0, "end", note);
        for decade in x.0..=x.1 {
            let value = 10_f64.powi(decade);
            text(at_x(value), SIZE.1 - MARGIN + 18.0, "middle", &value.to_string());
        }
        for decade in y.0..=y.1 {
            let value = 10_f64.powi(decade);
            text(MARGIN - 8.0, at_y(value) + 4.0, "end", &value.to_string());
        }
        let mut stroke = |from: (f64, f64), to: (f64, f64), style: &str| {
            let ((x1, y1), (x2, y2)) = ((at_x(from.0), at_y(from.1)), (at_x(to.0), at_y(to.1)));
            writeln!(
                svg,
                "<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" {style}/>"
            )
            .expect("strings grow");
        };
        let ten = |power: i32| 10_f64.powi(power);
        let (left, right, low, high) = (ten(x.0), ten(x.1), ten(y.0), ten(y.1));
        for decade in x.0..=x.1 {
            stroke((ten(decade), low), (ten(decade), high), "stroke=\"#ddd\"");
        }
        for decade in y.0..=y.1 {
            stroke((left, ten(decade)), (right, ten(decade)), "stroke=\"#ddd\"");
        }
        stroke((bound.0 / 1.5, bound.1), bound, "stroke=\"#c33\" stroke-width=\"2\"");
        let ends = self
            .points
            .iter()
            .fold((right, left), |(least, most), point| (least.min(point.0), most.max(point.0)));
        let (factor, power) = self.line;
        let line = |x: f64| (x, factor * x.powf(power));
        stroke(line(ends.0), line(ends.1), "stroke=\"#36c\" stroke-width=\"1.5\"");
        for (x, y) in self.points {
            let (x, y) = (at_x(*x), at_y(*y));
            writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"#36c\"/>")
                .expect("strings grow");
        }
        svg + "</svg>\n"
    }
}
