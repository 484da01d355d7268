// Where `make install` put things, and which version it is: the one place that knows configure's directories.
#pragma once
#include <string>
#include <string_view>

namespace podstep::install {

/// `$(bindir)/NAME`: what users run.
std::string bin(std::string_view name);
/// `$(libexecdir)/podstep/NAME`: what only Podstep's own programs run.
std::string libexec(std::string_view name);
/// `$(libdir)/NAME`: libraries that other people's programs load.
std::string lib(std::string_view name);
/// `$(sysconfdir)/podstep/NAME`: what a site's administrators write.
std::string config(std::string_view name);
/// The package's version, for example `0.1.0`.
const char* version();

} // namespace podstep::install
