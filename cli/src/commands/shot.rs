//! `lapak shot`: a picture of an app, without a browser.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use lapak_build::Purpose;
use lapak_host::session::ColorScheme;
use lapak_host::{Launch, Runtime, RuntimeConfig};
use lapak_preview::picture::{PictureOptions, add_font, missing, paint};

use crate::failure::Failure;
use crate::open::{language_of, open_package};
use crate::{folders, output};

/// How long an app may take to come to rest.
const PATIENCE: Duration = Duration::from_secs(30);

/// Paints what an app shows, as a PNG. Nothing is kept: clock, randomness and storage are simulated, so the same
/// app gives the same picture.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  lapak shot                                        the first page, to shot.png
  lapak shot --frame --scale 2 --out menu.png       in a phone, sharp
  lapak shot shop.ma --page 'pages/dish?id=sate' --lang id --dark
  lapak shot --lang zh-Hans --font NotoSansCJK.ttc  characters that no font of this machine has
  lapak shot --out - | display                      to another program")]
pub(crate) struct ShotArgs {
    /// Folder of an app, or a package (.ma).
    #[arg(default_value = ".")]
    app: PathBuf,
    /// The file to write; `-` is the standard output.
    #[arg(long, default_value = "shot.png", value_name = "FILE")]
    out: PathBuf,
    /// The page to show, e.g. 'pages/dish?id=3' [default: the app's first]. Repeat it to open one page over another.
    #[arg(long = "page", value_name = "URL")]
    pages: Vec<String>,
    /// The person's language, BCP 47; or several, the best first: 'zh-Hans-CN, en'.
    #[arg(long, default_value = "en")]
    lang: String,
    /// The person's time zone, e.g. Europe/Berlin [default: the simulated clock's, Asia/Jakarta].
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// A font for what the program's own and the machine's lack (TTF, OTF, TTC, WOFF2). May be repeated.
    #[arg(long = "font", value_name = "FILE")]
    fonts: Vec<PathBuf>,
    /// Dark colours.
    #[arg(long)]
    dark: bool,
    /// A phone around the app, with its bars.
    #[arg(long)]
    frame: bool,
    /// Pixels for each CSS pixel, 0.25 to 4.
    #[arg(long, default_value_t = 1.0)]
    scale: f32,
    /// Width of the screen in CSS pixels.
    #[arg(long, default_value_t = 390)]
    width: u32,
    /// Height of the screen in CSS pixels.
    #[arg(long, default_value_t = 844)]
    height: u32,
    /// Taps what is called so, before the picture is taken. May be repeated.
    #[arg(long = "tap", value_name = "NAME")]
    taps: Vec<String>,
}

/// Builds, launches, paints.
pub(crate) fn run(args: &ShotArgs) -> Result<(), Failure> {
    for font in &args.fonts {
        add_font(font).map_err(|error| Failure::app(error.to_string()))?;
    }
    let package = open_package(&args.app, Purpose::Package)?;
    let tokio = tokio::runtime::Runtime::new().context("tokio could not be started")?;
    let png = tokio.block_on(picture(args, package))?;
    if args.out.as_os_str() == "-" {
        return Ok(std::io::stdout()
            .write_all(&png)
            .context("standard output")?);
    }
    std::fs::write(&args.out, &png)
        .map_err(|error| Failure::app(format!("{}: {error}", args.out.display())))?;
    output::note(&format!(
        "wrote {} ({} KiB)",
        args.out.display(),
        png.len().div_ceil(1024)
    ));
    Ok(())
}

async fn picture(
    args: &ShotArgs,
    package: lapak_abi::package::Package,
) -> Result<Vec<u8>, Failure> {
    let config = RuntimeConfig {
        code_cache: folders::code_cache(),
        compiler: super::compile::compiler(),
        ..RuntimeConfig::simulated()
    };
    let runtime = Runtime::new(config).map_err(|error| Failure::machine(error.to_string()))?;
    let app = runtime
        .load(package)
        .await
        .map_err(|error| Failure::app(format!("{}: {error}", args.app.display())))?;
    let color_scheme = if args.dark {
        ColorScheme::Dark
    } else {
        ColorScheme::Light
    };
    let mut launch = Launch::new("shot");
    launch.pages.clone_from(&args.pages);
    launch.lang = language_of(app.package(), &args.lang);
    launch.zone.clone_from(&args.zone);
    launch.color_scheme = color_scheme;
    let session = runtime
        .launch(&app, launch)
        .map_err(|error| Failure::app(format!("{}: {error}", args.app.display())))?;
    rest(&session).await?;
    for name in &args.taps {
        let screen = session.screen();
        let node = screen.tree.find(name, lapak_host::view::Trigger::Tap);
        let node = node.ok_or_else(|| {
            Failure::app(format!(
                "nothing on the page can be tapped under the name {name:?}"
            ))
        })?;
        let tap = lapak_host::ShellEvent::Input {
            node,
            trigger: lapak_host::view::Trigger::Tap,
            value: lapak_host::view::InputValue::None,
        };
        session
            .send(tap)
            .map_err(|error| Failure::app(format!("{}: {error}", args.app.display())))?;
        rest(&session).await?;
    }
    let options = PictureOptions {
        width: args.width,
        height: args.height,
        scale: args.scale,
        frame: args.frame,
        lang: language_of(app.package(), &args.lang),
        color_scheme,
    };
    let screen = session.screen();
    let png = paint(&app, &screen, &options).map_err(|error| Failure::app(error.to_string()))?;
    for lost in missing(&app, &screen, &options) {
        eprintln!("warning: {lost}");
    }
    Ok(png)
}

async fn rest(session: &lapak_host::Session) -> Result<(), Failure> {
    let settled = async {
        session.painted().await;
        session.settled().await;
    };
    let _ = tokio::time::timeout(PATIENCE, settled).await;
    match session.screen().ended {
        Some(report) => Err(Failure::fault(report.to_string())),
        None => Ok(()),
    }
}
