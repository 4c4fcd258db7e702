using CardIssue.Core.Cards.Programs;
using CardIssue.Core.Primitives;
using CardIssue.Fuzz.Mutation;
using CardIssue.Fuzz.Running;
using CardIssue.Test.Cards.Programs;

namespace CardIssue.Fuzz.Targets;

/// <summary>Application programs that people bring: the archive as a whole, and its components, which are packed after they were changed.</summary>
internal static class ProgramTargets
{
    private static readonly IReadOnlyList<string> Names = [.. CapBuilder.Loyalty.Parts().Select(part => part.Name)];

    public static IEnumerable<FuzzTarget> All =>
    [
        new ParserTarget("cap-file", new ByteMutator(), () => [CapBuilder.Loyalty.Build()], input => Read(input), CaseLimits.File),
        new ParserTarget("cap-components", new ChunkMutator(new ByteMutator()), () => [Components(new CapBuilder()),
            Components(new CapBuilder { Format = (2, 2), Applets = [], Flags = 0 })], ComponentsOf, CaseLimits.File),
    ];

    private static byte[] Components(CapBuilder cap) => ChunkMutator.Join([.. cap.Parts().Select(part => part.Bytes)]);

    private static void ComponentsOf(byte[] input) => Read(CapBuilder.Zip(
        [.. ChunkMutator.Split(input).Take(64).Select((part, i) => ($"p/javacard/{NameOf(part, i)}.cap", part))]));

    /// <summary>Named by the tag, or else by the place, so that a changed tag is tried too.</summary>
    private static string NameOf(byte[] part, int place) => Names[part.Length > 0 && part[0] % 8 == 0 ? part[0] % Names.Count : place % Names.Count];

    /// <summary>A program or a fault, never both; and what is loaded is what the components come to.</summary>
    private static void Read(byte[] file)
    {
        if (CapFile.TryRead(ByteString.Own(file), out var cap, out var error) != (error is null)) throw new FindingException("neither a program nor a fault, or both");
        if (cap is not null && (cap.Block.Length != cap.Components.Sum(part => part.Length) || cap.Block.Length > CapFile.MaxBlock))
            throw new FindingException("the block is not its components");
    }
}
