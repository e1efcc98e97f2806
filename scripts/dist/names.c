// Linked into the static program. The C library looks names up with libraries of the machine's that /etc/nsswitch.conf names; a static
// program cannot load those of another C library: looking up a host's name ended it on Debian 13 with myhostname there.
#include <nss.h>

__attribute__((constructor)) static void look_names_up_alone(void) {
  __nss_configure_lookup("hosts", "files dns");
  __nss_configure_lookup("passwd", "files");
  __nss_configure_lookup("group", "files");
}
