using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using CardIssue.Terminal.Relay;
using CardIssue.TerminalHost.Cli;
using CardIssue.Test.Explorer;

namespace CardIssue.Test.Hosts;

/// <summary>SERVICE.md has the requests, events, errors and reasons that the service has.</summary>
public sealed partial class ServiceDocumentTest
{
    private const string Namespace = "CardIssue.TerminalHost.Service";

    private static readonly string File = Path.Combine(Repository.Root, "SERVICE.md");

    private static string Text => System.IO.File.ReadAllText(File).ReplaceLineEndings("\n");

    [Test]
    public void Requests_OfTheDocument_AreThoseOfTheService()
    {
        var forms = (IEnumerable<object>)Service("ServiceRequest").GetField("Forms", BindingFlags.Public | BindingFlags.Static)!.GetValue(null)!;
        Assert.That(Rows("## Requests"), Is.EqualTo(forms.Select(form =>
            string.Join(' ', [Of<string>(form, "Do"), .. Of<string[]>(form, "Needed"), .. Of<string[]>(form, "Allowed").Select(name => $"{name}?")]))));
    }

    [Test]
    public void Events_OfTheDocument_AreThoseOfTheService()
    {
        var events = Service("ServiceEvent").GetCustomAttributes<JsonDerivedTypeAttribute>();
        Assert.That(Rows("## Events"), Is.EqualTo(events.Select(kind => string.Join(' ', [(string)kind.TypeDiscriminator!, .. Fields(kind.DerivedType)]))));
    }

    [Test]
    public void Errors_OfTheDocument_AreThoseOfTheService() =>
        Assert.That(Rows("### Errors"), Is.EqualTo(Enum.GetNames(Service("ServiceFault")).Select(JsonNamingPolicy.CamelCase.ConvertName)));

    [Test]
    public void Reasons_OfTheDocument_AreThoseOfTheLibrary()
    {
        var kinds = Enum.GetValues<IssueReason>().GroupBy(reason => (int)reason / 100);
        var table = $"| number | reason |\n|---|---|\n{string.Concat(kinds.SelectMany(kind => kind).Select(reason => $"| {(int)reason} | {reason} |\n"))}";
        var (document, renewed) = (Text, Generated.Replace(Text, "reasons", table));
        if (Generated.Updating) System.IO.File.WriteAllText(File, document = renewed);
        Assert.That(document, Is.EqualTo(renewed), $"SERVICE.md does not have the reasons as they are: rewrite it with {Generated.UpdateVariable}=1.");
    }

    private static Type Service(string name) => typeof(TerminalHostCommand).Assembly.GetType($"{Namespace}.{name}", throwOnError: true)!;

    private static T Of<T>(object of, string property) => (T)of.GetType().GetProperty(property)!.GetValue(of)!;

    private static IEnumerable<string> Fields(Type record) =>
        record.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Select(property => JsonNamingPolicy.CamelCase.ConvertName(property.Name));

    /// <summary>What stands in code in the first two columns of a table's rows; a row a line.</summary>
    private static List<string> Rows(string heading)
    {
        var part = Text[(Text.IndexOf($"\n{heading}\n", StringComparison.Ordinal) + heading.Length + 2)..];
        var rows = part.Split('\n').SkipWhile(line => !line.StartsWith("|---", StringComparison.Ordinal)).Skip(1).TakeWhile(line => line.StartsWith('|'));
        var columns = heading is "### Errors" ? 1 : 2;
        return [.. rows.Select(row => string.Join(' ', Code().Matches(string.Join('|', row.Split('|')[1..(columns + 1)])).Select(match => match.Groups[1].Value + match.Groups[2].Value)))];
    }

    [GeneratedRegex(@"`(\w+)`(\??)")]
    private static partial Regex Code();
}
