using CardIssue.Core.Modules;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;
using CardIssue.Test.Modules;

namespace CardIssue.Test.EndToEnd;

/// <summary>What a secure module does not do as it should.</summary>
internal sealed class ModuleFaults
{
    /// <summary>It refuses every ticket, as with another agreement key than the center knows.</summary>
    public bool Tickets { get; set; }

    /// <summary>It refuses the sealed commands of so many scripts of this kind.</summary>
    public (ScriptKind Kind, int Times) Commands { get; set; }

    /// <summary>How many commands of those scripts it seals before it refuses one.</summary>
    public int Spared { get; set; }

    /// <summary>It seals issue codes that nobody can open.</summary>
    public bool Codes { get; set; }
}

/// <summary>A secure module with faults.</summary>
internal sealed class RefusingModule(ISecureModule inner, ModuleFaults faults) : ModuleAround(inner)
{
    public override ModuleRefusal SealIssueCode(int request, string reference, ReadOnlySpan<byte> code, out ByteString sealedCode) =>
        base.SealIssueCode(faults.Codes ? request + 1 : request, reference, code, out sealedCode);

    public override ModuleRefusal OpenTicket(Script script) => faults.Tickets ? ModuleRefusal.BadTicket : base.OpenTicket(script);

    public override ModuleRefusal Unseal(Script script, int sequence, ReadOnlySpan<byte> payload, Span<byte> wrapped, out int length)
    {
        var (kind, times) = faults.Commands;
        if (times == 0 || kind != script.Kind || sequence < script.First + faults.Spared)
            return base.Unseal(script, sequence, payload, wrapped, out length);
        faults.Commands = (kind, times - 1);
        length = 0;
        return ModuleRefusal.BadSeal;
    }
}
