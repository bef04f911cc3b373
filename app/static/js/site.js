// The scripts of every page. They are served as one file: see app/static_files. Each does nothing on
// a page without the elements that it is for.
import "./theme.js";
import "./details.js";
import "./times.js";
import "./follow.js"; // demo-only
import "./composer.js"; // demo-only
import "./drafts.js"; // demo-only
