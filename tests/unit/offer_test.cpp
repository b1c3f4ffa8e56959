#include "msnp/offer.hpp"

#include <gtest/gtest.h>

namespace {

using msnp::name_of;
using msnp::Reason;

TEST(Offer, ReasonsHaveTheNamesOfTheAudit) {
  EXPECT_EQ(name_of(Reason::offer), "offer");
  EXPECT_EQ(name_of(Reason::accept), "accept");
  EXPECT_EQ(name_of(Reason::undecodable), "undecodable");
  EXPECT_EQ(name_of(Reason::object_type), "object-type");
  EXPECT_EQ(name_of(Reason::object_too_big), "object-too-big");
  EXPECT_EQ(name_of(Reason::data_without_session), "data-without-session");
  EXPECT_EQ(name_of(Reason::chunked), "chunked");
}

TEST(Offer, OfNothingIsAnUnknownApplication) {
  const msnp::Offer offer;
  EXPECT_EQ(offer.kind, msnp::Kind::unknown_application);
  EXPECT_EQ(offer.reason, Reason::offer);
  EXPECT_FALSE(offer.size);
  EXPECT_TRUE(offer.names.empty());
}

}  // namespace
