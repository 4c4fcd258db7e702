using CardIssue.Core.Crypto;
using CardIssue.Core.Primitives;

namespace CardIssue.Center.Vault;

// What another process changed in the file: a command that enters a key beside a center that serves.
public sealed partial class FileKeyVault
{
    /// <inheritdoc/>
    public bool Refresh()
    {
        lock (_gate)
        {
            return _file.ReadChanged(bytes =>
            {
                using var newer = VaultContent.Read(bytes.Span);
                _content.TakeOver(newer);
                TakeOverKeys(newer);
            });
        }
    }

    /// <summary>
    /// Before a change, in the gate: what was opened may be minutes old, for people are asked for passwords and components in between, and
    /// an approval may be used up already. What another process does from here on, the file's own turn keeps away or tells.
    /// </summary>
    private void TakeNewer() => HasNewer();

    /// <summary>The same for a key that is not known: it may have been made a moment ago. A file that cannot be read brings none.</summary>
    private bool HasNewer()
    {
        try
        {
            return Refresh();
        }
        catch (Exception e) when (e is CardIssueException or IOException or FormatException)
        {
            return false;
        }
    }
}
