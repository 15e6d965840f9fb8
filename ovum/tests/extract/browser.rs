//! The report in a real browser, without a network: its plots and tables are in the page.

use super::{Folder, gym, note, ovum};
use std::process::Command;

/// A headless browser on the path. Where there is none the test says so and ends; in continuous
/// integration (`CI=true`) that is a failure.
fn browser() -> Option<&'static str> {
    let known = ["chromium", "chromium-browser", "google-chrome", "chrome"];
    let found = known.into_iter().find(|name| {
        Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success())
    });
    let ci = std::env::var("CI").is_ok_and(|value| value == "true");
    assert!(found.is_some() || !ci, "continuous integration has Chromium");
    found
}

#[test]
fn the_report_shows_its_plots() {
    let Some(browser) = browser() else {
        return note("skipped: no Chromium to open the report with");
    };
    let folder = Folder::new("browser");
    gym(&folder);
    let args = ["bench", "extract", "gym", "--extractors", "bottom-up,greedy-dag"];
    let more = ["--repair-roots", "--html", "report.html"];
    let outcome = ovum(&folder, &[&args[..], &more].concat());
    assert_eq!(outcome.code, 0, "{}", outcome.err);
    let page = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        // Whatever the page might ask for, there is nobody to answer.
        .args(["--proxy-server=127.0.0.1:9", "--virtual-time-budget=5000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.0.join("profile").display()))
        .arg(format!("file://{}", folder.0.join("report.html").display()))
        .output()
        .expect("the browser starts");
    let dom = String::from_utf8_lossy(&page.stdout);
    let plots =
        ["cost-profile", "time-profile", "cactus-solved", "cactus-proved", "trade", "anytime"];
    for id in plots {
        let figure = dom.split(&format!("<figure id=\"{id}\">")).nth(1);
        let figure = figure.unwrap_or_else(|| panic!("there is no plot {id}:\n{dom}"));
        let figure = figure.split("</figure>").next().unwrap_or("");
        let drawn = figure.matches("data-extractor=").count();
        // Nothing is proved by these two.
        let expected = if id == "cactus-proved" { 0 } else { 2 };
        assert_eq!(drawn, expected, "{id}: {figure}");
        assert!(!figure.contains("NaN") && !figure.contains("Infinity"), "{id}: {figure}");
    }
    assert_eq!(dom.matches("<option value=\"one\">").count(), 1);
    assert!(
        dom.contains("bottom-up is cheaper on 0, greedy-dag on 1; equal on 3."),
        "{}",
        dom.chars().take(3000).collect::<String>()
    );
    assert_eq!(dom.matches("<tr class=\"difference\">").count(), 1);
    assert_eq!(dom.matches("<details open=\"\" data-scope=").count(), 3);
}
