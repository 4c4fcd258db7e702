using System.Runtime.InteropServices;

namespace CardIssue.NativeTerminal;

/// <summary>How long the texts of cardissue.h are, in bytes with their NUL.</summary>
internal static class TextLength
{
    public const int Step = 8, Notice = 32, Name = 260, Text = 1_024, Receipt = 4_100;
}

/// <summary>What a call came to: the numbers of cardissue.h. Those below 20 are the programs' exit codes.</summary>
internal enum NativeError
{
    None = 0,
    Failed = 1,
    Usage = 2,
    File = 3,
    Refused = 4,
    Fault = 7,
    Terminal = 20,
    Busy = 21,
    Size = 22,
    Inside = 23,
}

// The structures of cardissue.h, field by field.

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeOptions
{
    public uint Size;
    public int Line;
    public byte* Folder;
    public byte* Passphrase;
    public byte* Connect;
    public byte* ResultsConnect;
    public byte* Reader;
    public byte* Sam;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeState
{
    public uint Size;
    public int Code;
    public int Reason;
    public int Reserved;
    public long Since;
    public fixed byte Error[TextLength.Text];
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeRequest
{
    public uint Size;
    public uint Reserved;
    public byte* Reference;
    public byte* Code;
    public byte* Operator;
    public byte* OperatorPassword;
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeProgress
{
    public uint Size;
    public int Reason;
    public long At;
    public int Record;
    public int Records;
    public int Attempt;
    public int CardStatus;
    public fixed byte Step[TextLength.Step];
    public fixed byte Notice[TextLength.Notice];
    public fixed byte Order[TextLength.Name];
    public fixed byte MaskedNumber[TextLength.Name];
    public fixed byte Text[TextLength.Text];
}

[StructLayout(LayoutKind.Sequential)]
internal unsafe struct NativeOutcome
{
    public uint Size;
    public int Ending;
    public int Reason;
    public int Record;
    public int Records;
    public int Attempt;
    public int CardStatus;
    public int Reserved;
    public long At;
    public fixed byte Order[TextLength.Name];
    public fixed byte Card[TextLength.Name];
    public fixed byte MaskedNumber[TextLength.Name];
    public fixed byte Text[TextLength.Text];
    public fixed byte Receipt[TextLength.Receipt];
}
