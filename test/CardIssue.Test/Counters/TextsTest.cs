using System.Reflection;
using System.Text.RegularExpressions;
using CardIssue.Core.Cards;
using CardIssue.Core.Lines;
using CardIssue.Core.Protocol.Terminal;
using CardIssue.Terminal.Relay;
using CardIssue.TerminalHost.Display;
using CardIssue.TerminalHost.Printing;
using CardIssue.Transport.Reconnect;

namespace CardIssue.Test.Counters;

/// <summary>Every text that an operator may read is there in both languages.</summary>
[TestFixture, Parallelizable]
public sealed partial class TextsTest
{
    private const string Data = "DATA-7";

    private static readonly DateTimeOffset At = DateTimeOffset.UnixEpoch;

    /// <summary>What is the same in both on purpose.</summary>
    private static readonly string[] Signs = ["-"];

    [Test]
    public void EveryText_IsThereInBothLanguages()
    {
        var faults = All().SelectMany(named => FaultsOf(named.Text).Select(fault => $"{named.Name}: {fault}")).ToList();
        Assert.That(faults, Is.Empty);
    }

    [TestCase("a text", "", "no Japanese")]
    [TestCase("", "ある文", "no English")]
    [TestCase("a text", "a text", "no Japanese")]
    [TestCase("ある文", "ある文", "no English")]
    [TestCase("record 3 of 7", "記録 3", "7")]
    public void TextWithOneLanguage_IsFound(string english, string japanese, string fault) =>
        Assert.That(FaultsOf(new Text(english, japanese)), Has.Some.Contains(fault));

    [Test]
    public void TextOfOneLanguageByItself_CannotBeWritten()
    {
        // What an operator reads goes through Text; a text that is the same in both is data, and these are the places that have such data.
        var same = Directory.EnumerateFiles(Path.Combine(Repository.Root, "samples", "TerminalHost"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(File.ReadLines).Where(line => line.Contains("Text.Same(", StringComparison.Ordinal)).ToList();
        Assert.That(same, Is.Not.Empty.And.All.Matches<string>(line => !SameOfLiteral().IsMatch(line!)));
    }

    /// <summary>The texts that stand in the code, and those that are made of what happened.</summary>
    private static IEnumerable<(string Name, Text Text)> All()
    {
        foreach (var type in typeof(Text).Assembly.GetTypes())
        foreach (var field in type.GetFields(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic).Where(field => field.FieldType == typeof(Text)))
            yield return ($"{type.Name}.{field.Name}", (Text)field.GetValue(null)!);
        foreach (var reason in Enum.GetValues<IssueReason>()) yield return ($"why {reason}", Wording.Why(reason));
        foreach (var fault in Enum.GetValues<LineFault>())
        {
            yield return ($"line {fault}", Wording.Of(fault));
            yield return ($"try {fault}", Wording.Of(new FailedTry(1, fault, Data, TimeSpan.FromSeconds(2))) with { English = $"a try: {Data} 2.0" });
        }
        foreach (var fault in Enum.GetValues<PrinterFault>()) yield return ($"printer {fault}", PrinterException.TextOf(fault));
        foreach (var (record, records) in new[] { (0, 3), (2, 3), (4, 3) }) yield return ($"record {record}", TerminalHost.Display.Screen.CounterTexts.Record(record, records));
        foreach (var notice in Enum.GetValues<IssueNotice>())
        foreach (var reason in new[] { IssueReason.None, IssueReason.WritingCardLost, IssueReason.CardLocked })
        foreach (var record in new[] { 0, 3 })
            yield return ($"{notice} {reason} {record}", Wording.Of(new IssueProgress(At, "S000", notice, Data) { Reason = reason, Record = record }));
        yield return ("mute card", Wording.Of(new IssueProgress(At, "S255", IssueNotice.CardRejected, Data) { Reason = IssueReason.CardUnreadable, ReaderFault = CardFault.Mute }));
        foreach (var ending in Enum.GetValues<IssueEnding>()) yield return ($"{ending}", Wording.Of(new IssueOutcome(ending, Data, "") { Reason = IssueReason.OrderBusy }));
    }

    private static IEnumerable<string> FaultsOf(Text text)
    {
        if (Signs.Contains(text.English)) yield break;
        if (text.English.Length == 0 || IsJapanese().IsMatch(text.English)) yield return $"there is no English: {text.English}";
        if (!IsJapanese().IsMatch(text.Japanese)) yield return $"there is no Japanese: {text.Japanese}";
        // Data, numbers and commands stand in both.
        foreach (var datum in DataOf(text.English).Except(DataOf(text.Japanese))) yield return $"{datum} is not in the Japanese: {text.Japanese}";
        foreach (var datum in DataOf(text.Japanese).Except(DataOf(text.English))) yield return $"{datum} is not in the English: {text.English}";
    }

    private static IEnumerable<string> DataOf(string text) => IsData().Matches(text).Select(match => match.Value);

    [GeneratedRegex(@"[\u3041-\u30FF\u4E00-\u9FFF\uFF0D]")]
    private static partial Regex IsJapanese();

    [GeneratedRegex(@"DATA-7|[0-9.]*[0-9]+|`[^`]+`|Ctrl-C|F[0-9]|Esc")]
    private static partial Regex IsData();

    [GeneratedRegex("""Text\.Same\(\$?"[^{("]*[A-Za-z]""")]
    private static partial Regex SameOfLiteral();
}
