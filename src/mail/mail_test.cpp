#include "mail/mail.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.hpp"
#include "mail/smtp.hpp"

namespace holdpoint::mail {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Mail example() {
    return {.from = "approvals@example.com",
            .from_name = "Approvals",
            .to = "ann@example.com",
            .subject = "Approval needed: Travel",
            .text = "Bob asks.\n\nOpen it and decide:\nhttps://inbox.example/#/link/abc\n",
            .unsubscribe_url = "https://inbox.example/?Action=Unsubscribe&Token=t",
            .id = "message-1/subscription-1",
            .at = from_epoch_ms(1'795'694'400'000)};
}

TEST(MailTest, IsComposedOfHeadersTextAndHtml) {
    const std::string id = to_hex(sha256("message-1/subscription-1")).substr(0, 32);
    const std::string expected =
        "From: \"Approvals\" <approvals@example.com>\r\n"
        "To: ann@example.com\r\n"
        "Subject: Approval needed: Travel\r\n"
        "Date: Thu, 26 Nov 2026 12:00:00 +0000\r\n"
        "Message-ID: <" +
        id +
        "@example.com>\r\n"
        "Auto-Submitted: auto-generated\r\n"
        "List-Unsubscribe: <https://inbox.example/?Action=Unsubscribe&Token=t>\r\n"
        "MIME-Version: 1.0\r\n"
        "Content-Type: multipart/alternative; boundary=\"=_" +
        id +
        "\"\r\n"
        "\r\n"
        "--=_" +
        id +
        "\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n"
        "\r\n"
        "Bob asks.\r\n"
        "\r\n"
        "Open it and decide:\r\n"
        "https://inbox.example/#/link/abc\r\n"
        "\r\n"
        "--=_" +
        id +
        "\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        "Content-Transfer-Encoding: quoted-printable\r\n"
        "\r\n"
        "<!DOCTYPE html>\r\n"
        "<html><body style=3D\"font-family:sans-serif;line-height:1.5;max-width:40em;=\r\n"
        "color:#1f2937\">\r\n"
        "<p>Bob asks.</p>\r\n"
        "<p><a href=3D\"https://inbox.example/#/link/abc\" style=3D\"display:inline-blo=\r\n"
        "ck;padding:10px 18px;border-radius:6px;background:#1d4ed8;color:#ffffff;tex=\r\n"
        "t-decoration:none\">Open it and decide</a></p>\r\n"
        "</body></html>\r\n"
        "\r\n"
        "--=_" +
        id + "--\r\n";
    EXPECT_EQ(compose(example()), expected);
    EXPECT_EQ(compose(example()), compose(example())) << "a retry is the same mail";
}

TEST(MailTest, NothingThatIsGivenAddsAHeaderOrALine) {
    Mail mail = example();
    mail.subject = "Budget\r\nBcc: mallory@example.com\r\n\r\nbody";
    mail.from_name = "A\"\r\nBcc: mallory@example.com";
    mail.unsubscribe_url = "https://x.example/>\r\nBcc: mallory@example.com";
    mail.text = "first\r\n.\r\nMAIL FROM:<mallory@example.com>\n--=_0\n\rBcc: x\x01";
    const std::string composed = compose(mail);
    EXPECT_THAT(composed.substr(0, composed.find("\r\n\r\n")), Not(HasSubstr("\nBcc")));
    EXPECT_THAT(composed, HasSubstr("\r\nfirst\r\n.\r\nMAIL FROM")) << "the dot is doubled where it is sent";
    EXPECT_THAT(composed, HasSubstr("Subject: Budget  Bcc: mallory@example.com    body\r\n"));
    for (std::size_t at = composed.find('\r'); at != std::string::npos; at = composed.find('\r', at + 1))
        EXPECT_EQ(composed[at + 1], '\n') << at;
    for (const char c : composed) EXPECT_TRUE(c == '\r' || c == '\n' || (c >= ' ' && c <= '~'));
}

TEST(MailTest, SubjectsOfAnyLanguageAreEncodedWords) {
    Mail mail = example();
    mail.subject = "Gruß aus Köln: " + std::string(3, ' ') + "日本語日本語日本語日本語日本語 =?";
    const std::string composed = compose(mail);
    const auto start = composed.find("Subject: ") + 9;
    std::string subject = composed.substr(start, composed.find("\r\nDate") - start);
    std::string decoded;
    while (!subject.empty()) {
        ASSERT_TRUE(subject.starts_with("=?UTF-8?B?")) << subject;
        const auto end = subject.find("?=");
        ASSERT_LE(end + 2, 75U);
        const std::string word = base64_decode(subject.substr(10, end - 10)).value();
        EXPECT_TRUE(is_utf8(word));
        decoded += word;
        subject.erase(
            0, subject.find("=?UTF-8", end) == std::string::npos ? subject.size() : subject.find("=?UTF-8", end));
    }
    EXPECT_EQ(decoded, mail.subject);
}

TEST(MailTest, WhatARequesterWritesIsTextInHtmlToo) {
    const std::string html =
        html_of("<script>alert(1)</script> & \"x\"\nDetails:\njavascript:alert(1)\n\nhttps://a.example/?a=1&b=\"\n");
    EXPECT_THAT(html,
                HasSubstr("&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;x&quot;<br>\nDetails:<br>\njavascript"));
    EXPECT_THAT(html, HasSubstr("<a href=\"https://a.example/?a=1&amp;b=&quot;\">"));
    EXPECT_THAT(html, Not(HasSubstr("href=\"javascript")));
}

TEST(MailTest, AddressesAreChecked) {
    for (const char* good : {"ann@example.com", "a.b+c@x", "o'neil@example.com"}) EXPECT_TRUE(is_address(good)) << good;
    for (const char* bad : {"", "ann", "@x", "ann@", "a@b@c", "a b@c", "a@b\r\nRCPT TO:<m@x>", "<a@b>", "a@b,c", "ä@b"})
        EXPECT_FALSE(is_address(bad)) << bad;
}

TEST(SmtpTest, UrlsNameAServerAndNobody) {
    EXPECT_EQ(parse_smtp_url("smtp://mail.example"),
              (net::Endpoint{.tls = false, .host = "mail.example", .port = "587"}));
    EXPECT_EQ(parse_smtp_url("smtps://mail.example"),
              (net::Endpoint{.tls = true, .host = "mail.example", .port = "465"}));
    EXPECT_EQ(parse_smtp_url("smtp://[::1]:25"), (net::Endpoint{.tls = false, .host = "::1", .port = "25"}));
    for (const char* bad : {"mail.example", "http://mail.example", "smtp://", "smtp://user:secret@mail.example"})
        EXPECT_FALSE(parse_smtp_url(bad)) << bad;
}

}  // namespace
}  // namespace holdpoint::mail
