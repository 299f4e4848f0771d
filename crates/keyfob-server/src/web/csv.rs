//! A table as a file (RFC 4180), for spreadsheets.
//!
//! A cell that a spreadsheet would take for a formula gets an apostrophe in front: names are other people's
//! to choose.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, header};

use crate::http::problem::Problem;

/// What begins a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Sends rows below a header as a file of that name: `a-z` and `-`.
pub(super) fn csv(
    file: &str,
    header: &[&str],
    rows: impl IntoIterator<Item = Vec<String>>,
) -> Result<Response, Problem> {
    let mut text = String::new();
    line(&mut text, header.iter().copied());
    for row in rows {
        line(&mut text, row.iter().map(String::as_str));
    }
    let disposition = format!("attachment; filename=\"{file}.csv\"");
    let disposition = HeaderValue::try_from(disposition).map_err(Problem::internal)?;
    let headers: [(HeaderName, HeaderValue); 2] = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/csv; charset=utf-8"),
        ),
        (header::CONTENT_DISPOSITION, disposition),
    ];
    Ok((headers, text).into_response())
}

fn line<'c>(text: &mut String, cells: impl Iterator<Item = &'c str>) {
    for (index, cell) in cells.enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push('"');
        if cell.starts_with(FORMULA) {
            text.push('\'');
        }
        text.push_str(&cell.replace('"', "\"\""));
        text.push('"');
    }
    text.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_and_never_a_formula() {
        let mut text = String::new();
        let cells = [
            "plain",
            "",
            "a \"b\", c",
            "=1+1",
            "+1",
            "-1",
            "@x",
            "\tx",
            "two\nlines",
            "a=b",
        ];
        line(&mut text, cells.into_iter());
        assert_eq!(
            text,
            "\"plain\",\"\",\"a \"\"b\"\", c\",\"'=1+1\",\"'+1\",\"'-1\",\"'@x\",\"'\tx\",\
             \"two\nlines\",\"a=b\"\r\n"
        );
    }
}
