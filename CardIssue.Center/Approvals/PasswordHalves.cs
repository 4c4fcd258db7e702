using System.Security.Cryptography;
using System.Text;
using CardIssue.Center.Vault;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Approvals;

/// <summary>
/// A first password of two halves, made from the vault's key and the approval's nonce: nothing of it is kept, and neither who asks nor who approves knows
/// it whole, so that neither can be the person that it is for.
/// </summary>
internal static class PasswordHalves
{
    // 31 characters that nobody takes for another; 12 of them are 59 bits.
    private const string Alphabet = "23456789ABCDEFGHJKMNPQRSTUVWXYZ";
    private const int Length = 12;

    public static SecretBytes Of(IRecordKeys keys, ApprovalRow approval, int half) => SecretBytes.Create(Length, (keys, approval, half), static (text, from) =>
    {
        var random = from.keys.MacRecord(Encoding.ASCII.GetBytes($"CardIssue password half v1 {from.half} {from.approval.Id} {from.approval.Nonce}"));
        for (var i = 0; i < text.Length; i++) text[i] = (byte)Alphabet[((random[2 * i] << 8) | random[(2 * i) + 1]) % Alphabet.Length];
        CryptographicOperations.ZeroMemory(random);
    });

    public static SecretBytes Whole(IRecordKeys keys, ApprovalRow approval)
    {
        using var first = Of(keys, approval, 1);
        using var second = Of(keys, approval, 2);
        return SecretBytes.Create((2 * Length) + 1, (first, second), static (text, halves) =>
        {
            halves.first.Span.CopyTo(text);
            text[Length] = (byte)'-';
            halves.second.Span.CopyTo(text[(Length + 1)..]);
        });
    }
}
