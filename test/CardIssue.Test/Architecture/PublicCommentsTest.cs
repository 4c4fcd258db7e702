using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace CardIssue.Test.Architecture;

/// <summary>
/// What the comments of public members speak of is public: the name of an internal type is a word without a page in the site of the API, and leads nowhere in an editor.
/// </summary>
[Parallelizable(ParallelScope.All)]
public sealed partial class PublicCommentsTest
{
    private static readonly string[] Libraries =
        ["CardIssue.Core", "CardIssue.Transport", "CardIssue.Reader", "CardIssue.Center", "CardIssue.Terminal", "CardIssue.Testing"];

    private static readonly Lazy<HashSet<string>> Visible =
        new(() => [.. Libraries.SelectMany(library => Assembly.Load(library).GetTypes().Where(IsSeen)).SelectMany(Ids)]);

    private static readonly Lazy<HashSet<string>> Hidden = new(() =>
    {
        var types = Libraries.SelectMany(library => Assembly.Load(library).GetTypes()).ToLookup(IsSeen, type => type.Name);
        return [.. types[false].Except(types[true])];
    });

    [TestCaseSource(nameof(Libraries))]
    public void Comments_OfPublicMembers_SpeakOfPublicMembers(string library)
    {
        var comments = XDocument.Load(Path.Combine(AppContext.BaseDirectory, library + ".xml")).Descendants("member")
            .Select(member => (Of: member.Attribute("name")!.Value, Text: member)).Where(member => Visible.Value.Contains(member.Of)).ToList();
        Assert.That(comments, Has.Count.GreaterThan(25));
        var wrong = comments.SelectMany(member => Crefs(member.Text).Where(IsOurs).Where(cref => !Visible.Value.Contains(cref))
            .Concat(Quoted(member.Text).Where(Hidden.Value.Contains)).Select(word => $"{member.Of} speaks of {word}")).ToList();
        Assert.That(wrong, Is.Empty, string.Join('\n', wrong));
    }

    private static IEnumerable<string> Crefs(XElement comment) => comment.Descendants().Attributes("cref").Select(cref => cref.Value);

    private static bool IsOurs(string cref) => cref[0] == '!' || cref[2..].StartsWith("CardIssue.", StringComparison.Ordinal);

    /// <summary>What stands as code in a comment: its words that may be a type's name.</summary>
    private static IEnumerable<string> Quoted(XElement comment) => comment.Descendants("c").SelectMany(code => Word().Matches(code.Value)).Select(word => word.Value);

    private static IEnumerable<string> Ids(Type type)
    {
        const BindingFlags own = BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic;
        return type.GetMembers(own).Where(member => member is not Type && IsSeen(member)).Select(DocumentationId.Of).Prepend(DocumentationId.Of(type));
    }

    private static bool IsSeen(Type type) =>
        type.IsPublic || (type.DeclaringType is { } outer && IsSeen(outer) && (type.IsNestedPublic || type.IsNestedFamily || type.IsNestedFamORAssem));

    private static bool IsSeen(MemberInfo member) => member switch
    {
        FieldInfo field => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly,
        MethodBase method => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly,
        PropertyInfo property => property.GetAccessors(nonPublic: true).Any(IsSeen),
        EventInfo of => IsSeen(of.AddMethod!),
        _ => false,
    };

    [GeneratedRegex("[A-Z]\\w+")]
    private static partial Regex Word();
}
