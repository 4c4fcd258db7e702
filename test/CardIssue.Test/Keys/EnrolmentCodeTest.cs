using System.Text;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Keys;

[TestFixture, Parallelizable]
public sealed class EnrolmentCodeTest
{
    [Test]
    public void Code_TypedAsPeopleDo_IsTheSame()
    {
        using var code = EnrolmentCode.Create(new TerminalId("shop-7"));
        var shown = code.Show();
        Assert.That(shown, Does.Match("^shop-7:([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$"));
        var secret = shown["shop-7:".Length..];
        using var key = EnrolmentKey.Of(code);
        foreach (var typed in new[]
        {
            shown, $" shop-7 : {secret.ToLowerInvariant()}", $"shop-7:{secret.Replace("-", "", StringComparison.Ordinal)}",
            $"shop-7:{secret.Replace('-', ' ').Replace('1', 'l').Replace('0', 'o')} ",
        })
        {
            using var read = EnrolmentCode.TryParse(Encoding.UTF8.GetBytes(typed), out var fault);
            Assert.That((read?.Terminal, fault), Is.EqualTo(((TerminalId?)code.Terminal, (string?)null)), typed);
            using var same = EnrolmentKey.Of(read!);
            Assert.That(same.Span.SequenceEqual(key.Span), Is.True, typed);
        }
    }

    /// <summary>A slip is told at the terminal, and costs no try at the center. One in 16 million passes by chance: none of
    /// these.</summary>
    [Test]
    public void OneCharacterWrong_OrAnotherName_IsTold_AndTheCodeIsNotQuoted()
    {
        var shown = Golden;
        for (var i = shown.IndexOf(':', StringComparison.Ordinal) + 1; i < shown.Length; i++)
        {
            if (shown[i] == '-') continue;
            var wrong = shown[..i] + (shown[i] == '7' ? '8' : '7') + shown[(i + 1)..];
            Assert.That(EnrolmentCode.TryParse(Encoding.UTF8.GetBytes(wrong), out var fault), Is.Null, wrong);
            Assert.That(fault, Does.Contain("a character").And.Not.Contain(wrong[^4..]));
        }
        foreach (var other in new[] { shown.Replace("shop-7", "shop-8", StringComparison.Ordinal), shown[..^1], shown + "0", shown[6..], "",
            ":", shown.Replace('A', 'U') + "U" })
            Assert.That(EnrolmentCode.TryParse(Encoding.UTF8.GetBytes(other), out var _), Is.Null, other);
    }

    /// <summary>12 bytes 41 … 4C, and the first three of HKDF-SHA256 over them, made with another implementation.</summary>
    private const string Golden = "shop-7:8514-6H25-8S3M-GJAA-9D63-0HF2";

    [Test]
    public void Golden_Key_IsWhatTheDocumentSays()
    {
        using var code = EnrolmentCode.TryParse(Encoding.UTF8.GetBytes(Golden), out var _)!;
        using var key = EnrolmentKey.Of(code);
        Assert.That(Convert.ToHexString(key.Span), Is.EqualTo("FD481B02BA0C66526234377ED656E533D2D1F0494D4EE9049AA9AAAFAEEE1A1D"));
    }
}
